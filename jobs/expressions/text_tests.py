"""The methods of `.str` that are conditions."""

from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from jobs.expressions import kernels
from jobs.expressions.entries import Entry, Param
from jobs.expressions.patterns import check_pattern
from jobs.expressions.text_kinds import gives_test

CASE = Param("case", "flag", default=True)
_NA = Param("na", "flag", None)
_PAT = Param("pat", "pattern")
_EDGES = (Param("pat", "texts"), _NA)
_CLASSES = (
    ("alpha", pc.utf8_is_alpha, "letters"),
    ("digit", pc.utf8_is_digit, "digits"),
    ("numeric", pc.utf8_is_numeric, "numeric"),
    ("decimal", pc.utf8_is_decimal, "decimal digits"),
    ("alnum", pc.utf8_is_alnum, "letters or digits"),
    ("space", pc.utf8_is_space, "white space"),
    ("lower", pc.utf8_is_lower, "lower case where they have a case"),
    ("upper", pc.utf8_is_upper, "upper case where they have a case"),
    ("title", pc.utf8_is_title, "in title case"),
    ("ascii", pc.string_is_ascii, "ASCII"),
)


def verify_pattern(literals: Mapping[str, Any]) -> None:
    """Raise Clash where the pattern, if it is one, is none that RE2 runs."""
    if literals["regex"]:
        check_pattern(literals["pat"])


TESTS = (
    Entry(
        "contains",
        "whether the pattern (RE2) is found",
        gives_test(kernels.contains),
        (Param("pat", "maybe_pattern"), CASE, _NA, Param("regex", "flag", default=True)),
        verify=verify_pattern,
    ),
    Entry("match", "whether the pattern (RE2) is found at the start", gives_test(kernels.match), (_PAT, CASE, _NA)),
    Entry("fullmatch", "whether the pattern (RE2) is the whole text", gives_test(kernels.fullmatch), (_PAT, CASE, _NA)),
    Entry(
        "startswith",
        "whether the text starts with this, or with one of these",
        gives_test(kernels.edge(pc.starts_with)),
        _EDGES,
    ),
    Entry(
        "endswith",
        "whether the text ends with this, or with one of these",
        gives_test(kernels.edge(pc.ends_with)),
        _EDGES,
    ),
    *(
        Entry(
            f"is{name}",
            f"whether all characters are {what}{'' if name == 'ascii' else ', and there is one'}",
            gives_test(kernel),
        )
        for name, kernel, what in _CLASSES
    ),
)
