"""Write the sample company as files, with the mapping that analysts copy for their own data."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from opsplaybook.contracts import TABLES, Kind, data_dictionary, kinds, table_meaning
from opsplaybook.samples.company import Company, make_company

MAPPING_NAME = "source.yaml"

_HEAD = """\
# Where the tables are, and which of their columns is which.
#
# This is a template. For your own data: put your files into the folder, name them below, and
# write your column names to the right of the colons. On the left stand the names that the
# playbooks know; `opsplaybook check --tables` says what each means. Lines that your data cannot
# fill are left out: only columns marked "required" have to be there.
#
# To the right may also stand
#   {{from: Customer number, map: {{"1": S, "2": A}}}}     other values
#   {{from: Day, date_format: "%d.%m.%Y"}}              another date format
#   {{sql: "Quantity * Price"}}                         an expression
#   {{constant: Europe}}                                one value for all rows
# and beside `file` of a table, or under `defaults` for all of them,
#   delimiter: ";"   decimal: ","   encoding: cp1252   date_format: "%d.%m.%Y"   null: [n/a]

name: {name}
description: Fictional company, made from a seed; nothing in it is real.
currency: {currency}          # of all money
timezone: {timezone}   # of all times without a zone
folder: .              # beside this file

tables:
"""


def write_company(
    folder: str | Path, *, accounts: int = 240, seed: int = 7, null: bool = False
) -> Company:
    """Write the sample company: one CSV file per table, and the mapping ``source.yaml``.

    Columns that the company does not keep are left out of the files. Times are written as the
    local time of the company. Files of the same names are overwritten.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist.
    accounts, seed, null
        As in `make_company`. Same values, same bytes.

    Returns
    -------
    Company

    Raises
    ------
    ParamsError
        As in `make_company`.
    """
    company = make_company(accounts, seed=seed, null=null)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, table in company.tables.items():
        _write_csv(table, name, place / f"{name}.csv")
    (place / MAPPING_NAME).write_text(mapping_text(company), encoding="utf-8", newline="\n")
    return company


def mapping_text(company: Company) -> str:
    """Write the mapping of the company's files, with the meaning of every column."""
    dictionary = data_dictionary().set_index(["table", "column"])
    head = _HEAD.format(name=company.name, currency=company.currency, timezone=company.timezone)
    return head + "\n".join(
        _table_text(name, company.tables[name], dictionary.loc[name])
        for name in TABLES
        if name in company.tables
    )


def _table_text(name: str, table: pd.DataFrame, dictionary: pd.DataFrame) -> str:
    kept = _kept(table, name)
    width = 2 * max(len(column) for column in kept) + 1
    lines = [f"  # {table_meaning(TABLES[name])}", f"  {name}:", f"    file: {name}.csv"]
    lines.append("    columns:")
    for column in kept:
        row = dictionary.loc[column]
        needed = "required: " if row["required"] else ""
        mapped = f"{column}: {column}"
        lines.append(f"      {mapped:<{width + 1}}  # {needed}{row['meaning']}")
    return "\n".join(lines) + "\n"


def _kept(table: pd.DataFrame, name: str) -> list[str]:
    return [column for column in kinds(TABLES[name]) if table[column].notna().any()]


def _write_csv(table: pd.DataFrame, name: str, path: Path) -> None:
    """Write through Arrow: fast, and the same bytes everywhere."""
    types = kinds(TABLES[name])
    columns = {column: _written(table[column], types[column]) for column in _kept(table, name)}
    options = pa.csv.WriteOptions(quoting_style="needed")
    pa.csv.write_csv(pa.table(columns), path, write_options=options)


def _written(series: pd.Series, kind: Kind) -> pa.Array:
    if kind is Kind.TIMESTAMP:
        local = pa.array(series.dt.tz_localize(None))
        return pc.strftime(local.cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    values = pa.array(series, from_pandas=True)
    return values.cast(pa.date32()) if kind is Kind.DATE else values
