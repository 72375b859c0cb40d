"""Columns chosen by their dtypes."""

from typing import Any

import pandas as pd

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import refusal, shown


def check_selection(at: str, include: Any, exclude: Any) -> None:
    """Ask pandas, which decides without data; refuse at the pointer `at` what it does not take."""
    try:
        pd.DataFrame({"x": [1]}).select_dtypes(include, exclude)
    except (TypeError, ValueError, AttributeError) as error:
        raise refusal(ArgumentInvalid(f"cannot select by dtype {shown(include or exclude)}: {error}"), at) from None
