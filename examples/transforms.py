"""A transform of your own: name this module in FRAMEQUEUE_TRANSFORMS__MODULES, and its functions are ops like others.

FRAMEQUEUE_TRANSFORMS__MODULES='["examples.transforms"]' framequeue up
"""

import pandas as pd

from jobs import Context, transform


@transform
def late_flights(df: pd.DataFrame, *, context: Context, minutes: int = 15, carrier: str | None = None) -> pd.DataFrame:
    """Keep the flights that departed late, of one carrier or of all, the latest first.

    `minutes` is the delay from which a departure counts as late. One that never departed has no delay and is not kept.
    """
    late = df[df["dep_delay"] >= minutes]
    context.progress(0.5)
    if carrier is not None:
        late = late[late["carrier"] == carrier]
    context.logger.info("%d of %d flights departed %d minutes late or more", len(late), len(df), minutes)
    return late.sort_values("dep_delay", ascending=False, kind="stable")
