"""What `expect` may say of a column."""

from collections.abc import Iterator
from typing import Annotated, Any

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
            raise refusal(ArgumentUnknown("expect", name, type(self).model_fields), pointer(name))
        return self

    def rules(self) -> Iterator[tuple[str, Any]]:
        """The rules about values that are said, with their arguments."""
        for name in RULES:
            wanted = self.__dict__[name]
            if wanted is not None:
                yield name, wanted
