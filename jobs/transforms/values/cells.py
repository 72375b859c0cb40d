"""The base of ops that give every cell a new value: the rows and the columns are as many as before."""

from collections.abc import Sequence

from jobs.transforms.delegated import Delegated
from jobs.transforms.follows import Follows


class Cells(Delegated):
    """An op on cells: the same number of rows, the same names, dtypes that follow from dtypes."""

    follows = Follows.WHOLLY

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given


class NumbersAtWill(Cells):
    """The base of those that can leave out columns without numbers; then the dtypes decide about the names."""

    numeric_only: bool = False
    """Leave out columns that hold no numbers."""

    def columns_follow(self) -> Follows:
        """What holds numbers, the dtypes tell."""
        return Follows.DTYPES if self.numeric_only else self.follows
