"""What the arguments of joins have to do with each other: `on` stands for a left and a right one of the same name."""

from collections.abc import Mapping

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, name_list, refusal


def check_keys(given: Mapping[str, Names | None]) -> None:
    """Check three arguments (`on`, `left_on`, `right_on`): the first alone, or the others both and equally long.

    Raises a refusal for pydantic that points at the argument.
    """
    on, left, right = given
    there = [name for name, names in given.items() if names is not None]
    if on in there and len(there) > 1:
        raise refusal(ArgumentInvalid(f"{there[1]!r} stands instead of {on!r}, not beside it"), f"/{there[1]}")
    if there in ([left], [right]):
        other = right if there == [left] else left
        raise refusal(ArgumentInvalid(f"{there[0]!r} needs {other!r} beside it"), f"/{there[0]}")
    if len(there) == 2 and len(name_list(given[left])) != len(name_list(given[right])):
        raise refusal(ArgumentInvalid(f"{right!r} has not as many columns as {left!r}"), f"/{right}")
