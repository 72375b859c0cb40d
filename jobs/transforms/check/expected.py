"""What `expect` may say of a column."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from jobs.errors import ArgumentInvalid, ArgumentUnknown
from jobs.expressions.patterns import check_pattern
from jobs.expressions.values import Clash
from jobs.transforms.arguments import pointer, refusal
from jobs.transforms.check.rules import RULES
from jobs.transforms.dtypes import DtypeName


def _pattern(text: str) -> str:
    try:
        return check_pattern(text)
    except Clash as clash:
        raise refusal(ArgumentInvalid(str(clash))) from None


# the same rules by the names of others; the nearest name by its letters would be another rule
_MEANT: Final[Mapping[str, str]] = {
    other: rule
    for rule, others in {
        "ge": "gte min minimum min_value greater_than_or_equal_to greater_or_equal greater_equal at_least from",
        "gt": "greater_than greater above exclusive_min exclusiveminimum more_than",
        "le": "lte max maximum max_value less_than_or_equal_to less_or_equal less_equal at_most to",
        "lt": "less_than less below exclusive_max exclusivemaximum",
        "isin": "in is_in enum values allowed one_of choices",
        "matches": "pattern regex match str_matches",
        "min_length": "minlength min_len str_length",
        "max_length": "maxlength max_len",
        "nullable": "null nulls allow_null",
        "dtype": "type",
    }.items()
    for other in others.split()
}
Bound = int | FiniteFloat | str
"""A number, or an ISO 8601 date or duration, or text beside text."""
Item = int | FiniteFloat | str | bool
Length = Annotated[int, Field(ge=0)]


class Expected(BaseModel):
    """What a column has to be like; a rule that is not said is none."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",  # refused below, with the nearest rule
        json_schema_extra={"additionalProperties": False},
        strict=True,
        use_attribute_docstrings=True,
    )

    dtype: DtypeName | None = None
    """Its dtype; `int64` means `Int64` too, `str` every kind of text."""
    nullable: bool = False
    """Whether nulls may be there."""
    unique: bool = False
    """Whether each value comes once; nulls are not compared."""
    required: bool = True
    """Whether the column has to be there."""
    ge: Bound | None = None
    """The least value there may be."""
    gt: Bound | None = None
    """What all values are above."""
    le: Bound | None = None
    """The greatest value there may be."""
    lt: Bound | None = None
    """What all values are below."""
    isin: Annotated[tuple[Item, ...], Field(min_length=1)] | None = None
    """The values there may be."""
    matches: Annotated[str, AfterValidator(_pattern)] | None = None
    """A regular expression (RE2) that is found at the start of each text; end it with `$` for the whole text."""
    min_length: Length | None = None
    """The least length of texts (in characters) and lists."""
    max_length: Length | None = None
    """The greatest length of texts (in characters) and lists."""

    @model_validator(mode="after")
    def _all_known(self) -> "Expected":
        for name in self.model_extra or ():
            meant = _MEANT.get(name.casefold().replace(" ", "_"))
            why = None if meant is None else f"did you mean {meant!r}?"
            unknown = ArgumentUnknown("a column of 'schema'", name, type(self).model_fields, why=why, kind="rule")
            raise refusal(unknown, pointer(name))
        return self

    def rules(self) -> Iterator[tuple[str, Any]]:
        """The rules about values that are said, with their arguments."""
        for name in RULES:
            wanted = self.__dict__[name]
            if wanted is not None:
                yield name, wanted
