"""Four questions of TPC-H as the pandas scripts that pipelines stand for, each over the columns it needs.

Decimals are cast to float64 by Arrow while they are read, and dates become timestamps, the cheapest way there is: as
pandas reads them by itself each is a Python object.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def table(folder: Path, name: str, *columns: str) -> pd.DataFrame:
    """These columns of one table."""
    found = pq.read_table(folder / f"{name}.parquet", columns=list(columns))
    plain = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in found.schema]
    return found.cast(pa.schema(plain)).to_pandas(date_as_object=False)


def q01(folder: Path) -> pd.DataFrame:
    """Totals and means by flag and status."""
    items = table(
        folder,
        "lineitem",
        *("l_quantity", "l_extendedprice", "l_discount", "l_tax", "l_returnflag", "l_linestatus", "l_shipdate"),
    )
    items = items[items["l_shipdate"] <= pd.Timestamp("1998-09-02")].copy()
    items["disc_price"] = items["l_extendedprice"] * (1 - items["l_discount"])
    items["charge"] = items["disc_price"] * (1 + items["l_tax"])
    return (
        items.groupby(["l_returnflag", "l_linestatus"])
        .agg(
            sum_qty=("l_quantity", "sum"),
            sum_base_price=("l_extendedprice", "sum"),
            sum_disc_price=("disc_price", "sum"),
            sum_charge=("charge", "sum"),
            avg_qty=("l_quantity", "mean"),
            avg_price=("l_extendedprice", "mean"),
            avg_disc=("l_discount", "mean"),
            count_order=("l_quantity", "size"),
        )
        .reset_index()
    )


def q03(folder: Path) -> pd.DataFrame:
    """The ten orders not shipped yet that are worth most."""
    day = pd.Timestamp("1995-03-15")
    customers = table(folder, "customer", "c_custkey", "c_mktsegment")
    orders = table(folder, "orders", "o_orderkey", "o_custkey", "o_orderdate", "o_shippriority")
    items = table(folder, "lineitem", "l_orderkey", "l_extendedprice", "l_discount", "l_shipdate")
    builders = customers.loc[customers["c_mktsegment"] == "BUILDING", "c_custkey"]
    placed = orders[(orders["o_orderdate"] < day) & orders["o_custkey"].isin(builders)]
    sold = items[items["l_shipdate"] > day].merge(placed, left_on="l_orderkey", right_on="o_orderkey")
    sold["revenue"] = sold["l_extendedprice"] * (1 - sold["l_discount"])
    found = sold.groupby(["l_orderkey", "o_orderdate", "o_shippriority"])["revenue"].sum().reset_index()
    best = found.sort_values(["revenue", "o_orderdate"], ascending=[False, True], ignore_index=True).head(10)
    best["o_orderdate"] = best["o_orderdate"].dt.date
    return best[["l_orderkey", "revenue", "o_orderdate", "o_shippriority"]]


def q06(folder: Path) -> pd.DataFrame:
    """What small discounts of a year cost."""
    items = table(folder, "lineitem", "l_shipdate", "l_discount", "l_quantity", "l_extendedprice")
    first, last = pd.Timestamp("1994-01-01"), pd.Timestamp("1995-01-01")
    kept = items[
        (items["l_shipdate"] >= first)
        & (items["l_shipdate"] < last)
        & items["l_discount"].between(0.0499, 0.0701)
        & (items["l_quantity"] < 24)
    ]
    return pd.DataFrame({"revenue": [(kept["l_extendedprice"] * kept["l_discount"]).sum()]})


def q18(folder: Path) -> pd.DataFrame:
    """The hundred largest orders of more than 300 pieces."""
    items = table(folder, "lineitem", "l_orderkey", "l_quantity")
    orders = table(folder, "orders", "o_orderkey", "o_custkey", "o_orderdate", "o_totalprice")
    customers = table(folder, "customer", "c_custkey", "c_name")
    pieces = items.groupby("l_orderkey")["l_quantity"].sum().reset_index(name="sum_qty")
    large = pieces[pieces["sum_qty"] > 300].merge(orders, left_on="l_orderkey", right_on="o_orderkey")
    named = large.merge(customers, left_on="o_custkey", right_on="c_custkey")
    best = named.sort_values(["o_totalprice", "o_orderdate"], ascending=[False, True], ignore_index=True).head(100)
    best["o_orderdate"] = best["o_orderdate"].dt.date
    return best[["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "sum_qty"]]


SCRIPTS: Mapping[str, Callable[[Path], pd.DataFrame]] = {"q01": q01, "q03": q03, "q06": q06, "q18": q18}
