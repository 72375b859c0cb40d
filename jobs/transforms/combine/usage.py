"""Which columns of one side a join needs."""

from collections.abc import Sequence

from jobs.transforms.arguments import Names, name_list
from jobs.transforms.combine.assemble import Suffixes
from jobs.transforms.usage import ALL, Columns, plus


def side_needs(wanted: Columns, keys: Sequence[Names | None], suffixes: Suffixes) -> Columns:
    """The keys and the columns that could become those wanted."""
    if wanted is None:
        return ALL
    # a column gets its suffix only where the other side has one of that name, so both have to show it
    bare = (name.removesuffix(suffix) for suffix in suffixes if suffix for name in wanted)
    return plus(wanted, (*bare, *(name for names in keys for name in name_list(names))))
