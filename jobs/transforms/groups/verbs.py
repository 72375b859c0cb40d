"""The verbs of `groupby`, one field each: what may become of the groups."""

import json
from typing import Any, Final, get_args

from jobs.transforms.arguments import ExpressionText, Names
from jobs.transforms.base import Transform
from jobs.transforms.groups.named import NamedAggregations, NamedTransforms
from jobs.transforms.groups.picked import Ends, Nth, Sample
from jobs.transforms.groups.reduced import Counted, Different, Extreme, Moment, Quantile, Size, Spread, Total, Truth
from jobs.transforms.groups.rowwise import Apart, Cumulative, Fill, Numbers, Rank, Shift
from jobs.transforms.groups.tables import Correlated, Describe, Ohlc, ValueCounts


class Verbs(Transform):
    """The arguments of `groupby`."""

    by: Names
    """The columns whose values make the groups."""
    agg: NamedAggregations | None = None
    """Named aggregation: new column → `[source, function]` or `[source, function, {arguments}]`."""
    transform: NamedTransforms | None = None
    """The same, added to the frame; takes functions of rows too, as in `["amount", "shift", {"periods": 1}]`."""
    filter: ExpressionText | None = None
    """Keep the groups for which this is true; a reduction is of the group's rows: `amount.sum() > 100`."""
    head: Ends | None = None
    """The first `n` rows of each group."""
    tail: Ends | None = None
    """The last `n` rows of each group."""
    nth: Nth | None = None
    """The `n`-th row of each group, or several; `dropna`."""
    sample: Sample | None = None
    """Random rows of each group: `n` or `frac`, `replace`, `weights`, `random_state`."""
    size: Size | None = None
    """How many rows each group has."""
    ngroup: Numbers | None = None
    """The number of each row's group; `ascending`."""
    cumcount: Numbers | None = None
    """The number of each row in its group; `ascending`."""
    shift: Shift | None = None
    """Values of earlier rows: `columns`, `periods`, `fill_value`."""
    diff: Apart | None = None
    """Differences from earlier rows: `columns`, `periods`."""
    pct_change: Apart | None = None
    """Relative differences from earlier rows: `columns`, `periods`."""
    rank: Rank | None = None
    """Places in the group: `columns`, `method`, `ascending`, `na_option`, `pct`."""
    cumsum: Cumulative | None = None
    """Running sums: `columns`, `numeric_only`, `skipna`."""
    cumprod: Cumulative | None = None
    """Running products: as `cumsum`."""
    cummax: Cumulative | None = None
    """The largest values so far: as `cumsum`."""
    cummin: Cumulative | None = None
    """The smallest values so far: as `cumsum`."""
    ffill: Fill | None = None
    """Nulls filled with values before: `columns`, `limit`."""
    bfill: Fill | None = None
    """Nulls filled with values behind: `columns`, `limit`."""
    count: Counted | None = None
    """How many values are not null: `columns`."""
    nunique: Different | None = None
    """How many different values: `columns`, `dropna`."""
    sum: Total | None = None
    """Sums: `columns`, `numeric_only`, `min_count`, `skipna`."""
    prod: Total | None = None
    """Products: as `sum`."""
    min: Extreme | None = None
    """The smallest values: as `sum`."""
    max: Extreme | None = None
    """The largest values: as `sum`."""
    first: Extreme | None = None
    """The first values: as `sum`."""
    last: Extreme | None = None
    """The last values: as `sum`."""
    mean: Moment | None = None
    """Means: `columns`, `numeric_only`, `skipna`."""
    median: Moment | None = None
    """Medians: as `mean`."""
    skew: Moment | None = None
    """Skewness: as `mean`."""
    kurt: Moment | None = None
    """Excess kurtosis: as `mean`."""
    idxmin: Moment | None = None
    """The row, from 0, of the smallest values: as `mean`."""
    idxmax: Moment | None = None
    """The row, from 0, of the largest values: as `mean`."""
    std: Spread | None = None
    """Standard deviations: `columns`, `numeric_only`, `ddof`, `skipna`."""
    var: Spread | None = None
    """Variances: as `std`."""
    sem: Spread | None = None
    """Standard errors of the means: as `std`."""
    any: Truth | None = None
    """Whether any value is true: `columns`, `skipna`."""
    all: Truth | None = None
    """Whether all values are true: as `any`."""
    quantile: Quantile | None = None
    """Quantiles: `columns`, `numeric_only`, `q` (one or a list), `interpolation`."""
    describe: Describe | None = None
    """Statistics of numbers, as `v_mean`: `columns`, `percentiles`."""
    ohlc: Ohlc | None = None
    """`v_open`, `v_high`, `v_low`, `v_close`: `columns`."""
    corr: Correlated | None = None
    """Correlations of each two columns: `columns`, `numeric_only`."""
    cov: Correlated | None = None
    """Covariances of each two columns: as `corr`."""
    value_counts: ValueCounts | None = None
    """Counts of values: `subset`, `normalize`, `sort`, `ascending`, `dropna`."""
    sort: bool = True
    """Sort the groups by their keys; false: in order of first appearance."""
    dropna: bool = True
    """Leave out rows whose key is null; false: null is a group."""
    observed: bool = True
    """Of categorical keys show only categories that occur; false: all of them."""

    @classmethod
    def hint_for(cls, place: str, value: Any) -> str | None:
        """The form of a verb's arguments; of those about an index, that there is none."""
        verb = place.removeprefix("/")
        if verb in ("as_index", "group_keys"):
            return "the groups' keys always come as columns"
        if verb in ("agg", "transform"):
            return 'takes new columns by their names, as in {"new name": ["column", "function"]}'
        if verb not in _VERBS or verb == "filter":
            return None
        return f"takes an object of arguments, such as {json.dumps(_arguments(verb, value))}"

    def given(self) -> list[str]:
        """The verbs that are there."""
        there = self.model_fields_set & _VERBS.keys()
        return sorted((name for name in there if self.__dict__[name] is not None), key=_VERBS.__getitem__)


_WORDS: Final = frozenset(["by", "sort", "dropna", "observed"])


def _arguments(verb: str, value: Any) -> dict[str, Any]:
    """Arguments that may have been meant with a value beside the verb."""
    known = next(one for one in get_args(Verbs.model_fields[verb].annotation) if one is not type(None)).model_fields
    if "n" in known:
        return {"n": value if isinstance(value, int) and not isinstance(value, bool) else 2}
    meant = [value] if isinstance(value, str) else value if isinstance(value, list) and value else ["x"]
    return next(({name: meant} for name in ("columns", "subset") if name in known), {})


# each verb by its place in the model, so that errors name them in one order
_VERBS: Final = {name: place for place, name in enumerate(Verbs.model_fields) if name not in _WORDS}
_OF_ROWS: Final = frozenset(
    [
        "transform", "filter", "head", "tail", "nth", "sample", "cumcount", "shift", "diff", "pct_change", "rank",
        "cumsum", "cumprod", "cummax", "cummin", "ffill", "bfill",
    ]
)  # fmt: skip
PER_GROUP: Final = frozenset(_VERBS) - _OF_ROWS
"""The verbs that make groups of categories that do not occur, where `observed` is false."""
