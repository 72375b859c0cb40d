"""Nested JSON becomes flat columns: `json_normalize`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from jobs.codecs.blocks import frame_of
from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnTaken, ColumnUnknown, OutputTooLarge
from jobs.transforms.arguments import Names, name_list, one_column, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.nested import column_of, fields_of, flattened, is_objects, picked, unsuitable
from jobs.transforms.reshape.records import Level, inside, is_nothing, is_text, parsed_column, values_of
from jobs.transforms.usage import ALL, Columns

Path = Annotated[tuple[str, ...], Field(min_length=1)]
_CELLS_PER_ROW = 10


class JsonNormalize(Transform):
    """Make flat columns of nested objects: the fields of `info` become `info.name`, `info.age`.

    The records are the rows of the frame, or with `column` the objects in that column; a column of text is read as
    JSON. With `record_path` each item of the list there becomes a row, and `meta` names what to repeat beside it. A
    list that is not taken apart stays a list. Columns without objects come first, as in pandas; the fields of a null
    object are null.
    """

    op = "json_normalize"
    family = "reshape"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={
            "df": [
                {"state": "Ohio", "info": {"governor": "K"}, "counties": [{"name": "Summit", "people": 1234}]},
                {"state": "Utah", "info": {"governor": "L"}, "counties": [{"name": "Kane", "people": 50}]},
            ]
        },
        pipeline=[{"op": "json_normalize", "record_path": "counties", "meta": ["state", ["info", "governor"]]}],
        result=[
            {"name": "Summit", "people": 1234, "state": "Ohio", "info.governor": "K"},
            {"name": "Kane", "people": 50, "state": "Utah", "info.governor": "L"},
        ],
    )

    column: str | None = None
    """The column of objects, or of their JSON text; without it, the rows are the objects."""
    record_path: str | Path | None = None
    """The way to the list whose items become rows: a field, or several from the outermost on."""
    meta: str | Annotated[tuple[str | Path, ...], Field(max_length=10_000)] | None = None
    """What to repeat beside each item: fields, or the ways to them."""
    meta_prefix: str | None = None
    """What to put before the names of `meta`."""
    record_prefix: str | None = None
    """What to put before the names of the items' fields."""
    errors: Literal["raise", "ignore"] = "raise"
    """Whether a field of `meta` that is not there fails the step, or is null."""
    sep: str = "."
    """What to put between the names of fields."""
    max_level: Annotated[int, Field(ge=0)] | None = None
    """How many levels of objects to take apart; without it, all."""
    parse: Names | None = None
    """Columns of text to be read as JSON first, where the rows are the objects."""

    @model_validator(mode="after")
    def _arguments_agree(self) -> "JsonNormalize":
        if self.record_path is None:
            for name in ("meta", "meta_prefix", "record_prefix"):
                if getattr(self, name) is not None:
                    raise refusal(ArgumentInvalid(f"{name!r} goes with 'record_path'"), f"/{name}")
        if self.column is not None and self.parse is not None:
            raise refusal(
                ArgumentInvalid("'parse' names columns of the rows; 'column' is read as JSON anyway"), "/parse"
            )
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The flat frame."""
        most = _CELLS_PER_ROW * around.max_rows
        records = self._of_rows(frame, most) if self.column is None else self._of_column(frame, self.column, most)
        if self.record_path is None:
            found = self._prefixed(records)
            rows = len(frame)
        else:
            levels = self._levels(records, len(frame), around)
            found = self._prefixed(levels[-1].fields) | {}
            rows = len(levels[-1].above)
            self._add_meta(found, levels)
        if len(found) > around.max_columns:
            raise OutputTooLarge("columns", len(found), around.max_columns, "limits.columns")
        return frame_of(list(found), [column_of(values) for values in found.values()], rows)

    def _of_rows(self, frame: pd.DataFrame, most: int) -> dict[str, Any]:
        texts = require_keys(frame, "parse", self.parse)
        records: dict[str, Any] = {}
        for place, label in enumerate(frame.columns):
            name = str(label)
            if name in records:
                raise ColumnAmbiguous(name)
            column = frame.iloc[:, place]
            records[name] = parsed_column(column, "/parse", most) if name in texts else values_of(column)
        return records

    def _of_column(self, frame: pd.DataFrame, name: str, most: int) -> dict[str, Any]:
        column = one_column(frame, name, "/column")
        objects = parsed_column(column, "/column", most) if is_text(column) else values_of(column)
        if is_nothing(objects):
            return {}
        if not is_objects(objects):
            raise unsuitable(column, "this column does not hold objects", "/column")
        return fields_of(objects)

    def _prefixed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        flat = flattened(fields, self.sep, self.max_level)
        return {f"{self.record_prefix or ''}{name}": values for name, values in flat.items()}

    def _levels(self, records: Mapping[str, Any], rows: int, around: Surroundings) -> list[Level]:
        path = name_list(self.record_path)
        levels = [Level(records, np.arange(rows))]
        for place, key in enumerate(path):
            at = pointer("record_path", place) if isinstance(self.record_path, tuple) else "/record_path"
            fields = levels[-1].fields
            if key not in fields:
                raise ColumnUnknown(key, fields, at)
            levels.append(inside(fields[key], key, at, last=place == len(path) - 1))
            if len(levels[-1].above) > around.max_rows:
                raise OutputTooLarge("rows", len(levels[-1].above), around.max_rows, "limits.rows", at)
        return levels

    def _add_meta(self, found: dict[str, Any], levels: Sequence[Level]) -> None:
        way = name_list(self.record_path)
        for place, given in enumerate((self.meta,) if isinstance(self.meta, str) else self.meta or ()):
            at = "/meta" if isinstance(self.meta, str) else pointer("meta", place)
            path = name_list(given)
            common = 0
            while common < min(len(path), len(way)) - 1 and path[common] == way[common]:
                common += 1
            values = self._meta(levels[common].fields, path[common:], at)
            rows = levels[-1].above
            for level in reversed(levels[common + 1 : -1]):
                rows = level.above[rows]
            name = f"{self.meta_prefix or ''}{self.sep.join(path)}"
            if name in found:
                raise ColumnTaken(name, at)
            found[name] = np.full(len(rows), None, object) if values is None else picked(values, rows)

    def _meta(self, fields: Mapping[str, Any], path: Sequence[str], at: str) -> Any:
        """The values at the end of the way; None where it leads nowhere and may."""
        values: Any = None
        for key in path:
            if key not in fields:
                if self.errors == "ignore":
                    return None
                raise ColumnUnknown(key, fields, at)
            values = fields[key]
            fields = fields_of(values) if is_objects(values) else {}
        return values

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # which columns there are, all of these decide
        """The column of objects, where there is one."""
        return ALL if self.column is None else frozenset([self.column])
