"""Columns: which there are, what they are called, what they are made of."""

from typing import Final

from jobs.transforms.base import Transform
from jobs.transforms.columns.assign import Assign
from jobs.transforms.columns.choose import Drop, Rename, Select
from jobs.transforms.columns.dtypes import AsType
from jobs.transforms.columns.formulas import Eval
from jobs.transforms.columns.kinds import ConvertDtypes, InferObjects, SelectDtypes
from jobs.transforms.columns.names import AddPrefix, AddSuffix, Filter, SetAxis
from jobs.transforms.columns.reindex import Reindex

OPS: Final[tuple[type[Transform], ...]] = (
    Assign,
    Drop,
    Rename,
    Select,
    AsType,
    Eval,
    ConvertDtypes,
    InferObjects,
    SelectDtypes,
    AddPrefix,
    AddSuffix,
    Filter,
    Reindex,
    SetAxis,
)
