"""What the columns of a step's result follow from: so much of a pipeline can be checked before there are rows."""

from enum import Enum


class Follows(Enum):
    """From what the columns of a result follow, beside the step's arguments."""

    DATA = "data"
    """Names depend on the values (a pivot), or nobody has said: nothing is known before the step has run."""
    DTYPES = "dtypes"
    """Names follow from the names and dtypes of the frames, dtypes from the values."""
    NAMES = "names"
    """Names follow from the names of the frames, dtypes from the values."""
    WHOLLY = "wholly"
    """Names follow from the names of the frames, dtypes from their dtypes."""
