"""What of pandas is no op, and why not: every public method of DataFrame, and the rest that one may look for."""

from collections.abc import Iterator, Mapping
from typing import Final

# why not → the names it is said of
_FRAME: Final[Mapping[str, str]] = {
    "an operator of expressions: `assign` with `a + b`, `b - a`, `a ** 2`": (
        "add div divide floordiv mod mul multiply pow radd rdiv rfloordiv rmod rmul rpow rsub rtruediv sub subtract "
        "truediv"
    ),
    "a comparison of expressions: `assign` with `a >= b`": "eq ge gt le lt ne",
    "another name of an op: `agg`, `isna`, `notna`, `kurt`, `prod`, `transpose`": (
        "aggregate isnull notnull kurtosis product T"
    ),
    "takes a Python function: `assign`, `agg`, or a transform of your own": "apply combine pipe transform",
    "between steps there is no index but the row number; labels are columns": (
        "align asof droplevel index rename_axis reorder_levels reset_index set_index sort_index swaplevel xs"
    ),
    "works on an index of periods or times: expressions have `.dt.to_period('M')`": "to_period to_timestamp",
    "`select`, `query`, `slice` and `drop` say it": "at get iat iloc loc pop take",
    "changes a frame in place: `assign`, `select` and `rename` make a new one": "insert isetitem set_flags",
    "an attribute; the plan, the result's schema and the catalogue tell them": (
        "attrs axes columns dtypes empty flags info ndim shape size values"
    ),
    "goes through rows or columns in Python": "items iterrows itertuples keys",
    "draws": "boxplot hist plot style",
    "reads or writes: a job's result comes in CSV, JSON, Parquet or Arrow": (
        "from_arrow from_dict from_records to_clipboard to_csv to_dict to_excel to_feather to_hdf to_html to_iceberg "
        "to_json to_latex to_markdown to_numpy to_orc to_parquet to_pickle to_records to_sql to_stata to_string "
        "to_xarray to_xml"
    ),
    "steps never change their input, so nothing has to be copied": "copy",
    "`merge` on columns": "join",
    "`merge` with the other frame, then `corr`; per group `agg` with `[[a, b], 'corr']`": "corrwith",
    "a product of matrices, which frames with names of columns seldom are": "dot",
    "answers one question, of no frame: `compare` shows what differs": "equals",
    "`dropna` and `head` or `tail` give the row itself": "first_valid_index last_valid_index",
    "`reindex` with the columns or labels": "reindex_like",
    "of a frame it makes a Series or a value; in a pipeline all are frames": "squeeze",
    "an accessor of sparse columns, which have no form in a payload": "sparse",
}
_SERIES: Final[Mapping[str, str]] = {
    "`idxmax`, `idxmin`, or `nlargest` with `n` 1": "argmax argmin",
    "`sort_values`": "argsort",
    "`corr` of a column and its `shift`": "autocorr",
    "an expression: `a <= x <= b`": "between",
    "an expression: `a if b else c`, `where`, or `map`": "case_when",
    "an accessor of expressions: `name.str.lower()`, `at.dt.year`": "dt str",
    "an accessor whose methods rename and order categories: `map`, `replace`, `astype`": "cat",
    "an accessor of nested Arrow values: `explode`, `json_normalize`": "list struct",
    "expressions have `a // b` and `a % b`": "divmod rdivmod",
    "`groupby` with `ngroup`, or `astype` category": "factorize",
    "`duplicated`, `nunique`, `describe` and `expect` tell": (
        "hasnans is_monotonic_decreasing is_monotonic_increasing is_unique"
    ),
    "`concat` of frames, `explode`": "repeat",
    "looks positions up in a sorted Series: `merge_asof` joins by them": "searchsorted",
    "`drop_duplicates` with `subset`": "unique",
    "an attribute, or Python's form of the values": "array dtype item name nbytes to_frame to_list tolist",
}
_PANDAS: Final[Mapping[str, str]] = {
    "makes values of nothing: give them as an input": (
        "array bdate_range date_range interval_range period_range timedelta_range"
    ),
    "expressions name columns as they are": "col",
    "`groupby` with `ngroup`, or `astype` category": "factorize",
    "answers one question about times, of no frame": "infer_freq",
    "`wide_to_long` or `melt`": "lreshape",
    "another name of `isna` and `notna`": "isnull notnull",
    "`drop_duplicates` with `subset`": "unique",
    "reads or writes: an input comes in CSV, JSON, Parquet or Arrow": (
        "read_clipboard read_csv read_excel read_feather read_fwf read_hdf read_html read_iceberg read_json read_orc "
        "read_parquet read_pickle read_sas read_spss read_sql read_sql_query read_sql_table read_stata read_table "
        "read_xml to_pickle"
    ),
    "an option of pandas in one process": (
        "describe_option get_option option_context reset_option set_eng_float_format set_option show_versions test"
    ),
}
LEFT_OUT: Final[Mapping[str, Mapping[str, str]]] = {
    "DataFrame": _FRAME,
    "Series": _SERIES,
    "pandas": _PANDAS,
}
"""Whose names they are → why not → names, with a space between them."""


def why_left_out(name: str) -> str | None:
    """Why there is no op of a name that pandas has, and what to use; None for any other name."""
    return next((reason for whose in LEFT_OUT for one, reason in left_out(whose) if one == name), None)


def left_out(whose: str) -> Iterator[tuple[str, str]]:
    """Each name of `DataFrame`, `Series` or `pandas` (its functions) that is no op, and why not."""
    for reason, names in LEFT_OUT[whose].items():
        for name in names.split():
            yield name, reason
