"""The fields of an envelope held against the limits of the settings."""

import math
from collections.abc import Collection
from typing import Final

from config import Settings
from jobs.errors import InputMissing, SpecInvalid, TooManyInputs, TooManyLabels
from jobs.hints import listing
from jobs.model import OnRowError
from service.pointers import escaped
from service.schemas import Envelope

MAX_DELAY_S: Final = 30 * 86_400
MAX_REJECTS: Final = 100_000
MAX_ATTEMPTS: Final = 100
MAX_LABEL_KEY: Final = 64
MAX_LABEL_VALUE: Final = 256
MAX_NAME: Final = 128
_ON_ROW_ERROR: Final = tuple(str(word) for word in OnRowError)


def check(envelope: Envelope, labels: dict[str, str], settings: Settings) -> None:
    """Hold every short field against its bounds; raises SpecInvalid or TooManyLabels with a pointer."""
    jobs = settings.jobs
    if envelope.timeout_s is not None and not 0 < envelope.timeout_s <= jobs.max_timeout_s:
        raise _outside("timeout_s", envelope.timeout_s, "above 0", jobs.max_timeout_s, "jobs.max_timeout_s")
    if envelope.max_attempts is not None and not 1 <= envelope.max_attempts <= MAX_ATTEMPTS:
        raise _outside("max_attempts", envelope.max_attempts, "from 1", MAX_ATTEMPTS)
    if envelope.result_ttl_s is not None and not 1 <= envelope.result_ttl_s <= jobs.max_result_ttl_s:
        raise _outside("result_ttl_s", envelope.result_ttl_s, "from 1", jobs.max_result_ttl_s, "jobs.max_result_ttl_s")
    if not (math.isfinite(envelope.delay_s) and 0 <= envelope.delay_s <= MAX_DELAY_S):
        raise _outside("delay_s", envelope.delay_s, "from 0", MAX_DELAY_S)
    if not 0 <= envelope.max_rejects <= MAX_REJECTS:
        raise _outside("max_rejects", envelope.max_rejects, "from 0", MAX_REJECTS)
    if envelope.on_row_error not in _ON_ROW_ERROR:
        raise SpecInvalid(
            f"on_row_error is {listing(_ON_ROW_ERROR)}, not {envelope.on_row_error[:80]!r}", "/on_row_error"
        )
    _labels(labels, settings.limits.labels)


def check_names(names: Collection[str], settings: Settings) -> None:
    """Hold the inputs' number and names against their bounds; raises InputMissing, TooManyInputs or SpecInvalid."""
    if not names:
        raise InputMissing(
            "the job has no input; give records, columns, a frame or a job under `inputs`, or a file part per input",
            "/inputs",
        )
    if len(names) > settings.limits.inputs:
        raise TooManyInputs("inputs", len(names), settings.limits.inputs, "/inputs")
    for name in names:
        check_name(name)


def check_name(name: str) -> None:
    """Raise SpecInvalid where `name` cannot name an input."""
    if not name or len(name) > MAX_NAME or not name.isprintable():
        detail = f"an input's name has 1 to {MAX_NAME} printable characters, unlike {name[:80]!r}"
        raise SpecInvalid(detail, f"/inputs/{escaped(name[:MAX_NAME])}")


def _outside(field: str, value: float, lower: str, upper: float, setting: str = "") -> SpecInvalid:
    source = f" (setting {setting})" if setting else ""
    # JSON may hold integers that no float can hold, and that Python does not spell
    huge = isinstance(value, int) and value.bit_length() > 128
    shown = "the number sent" if huge else f"{value:,.15g}"
    return SpecInvalid(f"{field} goes {lower} to {upper:,.15g}{source}, and {shown} is outside", f"/{field}")


def _labels(labels: dict[str, str], most: int) -> None:
    if len(labels) > most:
        raise TooManyLabels("labels", len(labels), most, "/labels")
    for key, value in labels.items():
        pointer = f"/labels/{escaped(key[:MAX_LABEL_KEY])}"
        if not 1 <= len(key) <= MAX_LABEL_KEY or not key.isprintable():
            raise SpecInvalid(f"a label's key has 1 to {MAX_LABEL_KEY} printable characters", pointer)
        if len(value) > MAX_LABEL_VALUE:
            raise SpecInvalid(f"a label's value has up to {MAX_LABEL_VALUE} characters, not {len(value):,}", pointer)
