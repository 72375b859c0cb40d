"""`?columns=`: names by commas, as one record of CSV, so that a name may hold a comma, a quote or a line break."""

import csv

from jobs.errors import SpecInvalid

POINTER = "/columns"


def picked_columns(value: str) -> tuple[str, ...]:
    """The names in their order, each once; `"a,b",c` are `a,b` and `c`. Raises SpecInvalid on quotes left open."""
    try:
        records = list(csv.reader([value], strict=True))
    except csv.Error:
        records = []
    if value and len(records) != 1:
        detail = "columns lists names by commas; a name with a comma, a quote or a line break stands in double quotes"
        raise SpecInvalid(f"{detail}, a quote in it twice", POINTER)
    return tuple(dict.fromkeys(records[0])) if value else ("",)
