"""Named columns that are added to a frame, in its row order: what `transform` and the windows give."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from jobs.codecs.blocks import column_array, frame_of, labels_of
from jobs.errors import ColumnAmbiguous
from jobs.transforms.arguments import pointer
from jobs.transforms.groups.along import along, numbered, spread
from jobs.transforms.groups.functions import ROW_WISE
from jobs.transforms.groups.kernels import naming, one
from jobs.transforms.groups.named import Aggregation
from jobs.transforms.groups.verb import Groups


def added(frame: pd.DataFrame, new: Mapping[str, Any], argument: str) -> pd.DataFrame:
    """The frame with these arrays as columns; one whose name is there takes that column's place.

    Raises ColumnAmbiguous where two columns have the name.
    """
    names = labels_of(frame)
    arrays = [column_array(frame, place) for place in range(len(names))]
    for name, values in new.items():
        found = [place for place, label in enumerate(names) if label == name] if name in frame.columns else []
        if len(found) > 1:
            raise ColumnAmbiguous(name, pointer(argument, name))
        if found:
            arrays[found[0]] = values
        else:
            names.append(name)
            arrays.append(values)
    return frame_of([str(name) for name in names], arrays, len(frame))


def transformed(frame: pd.DataFrame, groups: Groups, named: Mapping[str, Aggregation]) -> pd.DataFrame:
    """The frame with a column for each named function of its groups; all of them read the frame as it was."""
    grouping = groups.of(frame, observed=True)
    new = {}
    for name, entry in named.items():
        at = pointer("transform", name, 0)
        if entry.function not in ROW_WISE:
            new[name] = spread(one(frame, grouping, entry, at), grouping)
        elif entry.text is None:
            # which number a group has depends on the categories that do not occur
            counted = groups.of(frame) if entry.function == "ngroup" else grouping
            new[name] = numbered(counted, entry.function, **entry.arguments)
        else:
            column = entry.values(frame, at)
            with naming(entry.function, entry.text, column.dtype, at):
                new[name] = along(column, grouping, entry.function, entry.arguments)
    return added(frame, new, "transform")
