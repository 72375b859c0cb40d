"""JSON as the contract has it: no infinities, no NaN, no key twice; for requests and for files alike."""

from typing import Any

import msgspec

from jobs.errors import JsonMalformed, NestedTooDeep
from jobs.repeated_keys import repeated_key
from service.intake.wording import malformed


def strict(decoder: "msgspec.json.Decoder[Any]", data: bytes, what: str) -> Any:
    """The value that `decoder` makes of the text; `what` names it in errors.

    Raises JsonMalformed, NestedTooDeep, or msgspec's ValidationError of a value that is not what the decoder wants, or
    a number beyond all floats.
    """
    try:
        value = decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(error, data, what) from None
    except RecursionError:
        raise NestedTooDeep("levels of nested JSON", 1_000, 1_000) from None
    key = repeated_key(data, value)
    if key is not None:
        raise JsonMalformed(f"{what}: the key {key[:100]!r} is given twice in one object")
    return value
