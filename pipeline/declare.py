"""How a table is declared: what one row is, its key, each column with unit and meaning; and a frame held against it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from pipeline.errors import TableError

Kind = Literal["text", "int", "float", "bool", "list", "binary", "geometry"]
DTYPES = {"text": "str", "int": "Int64", "float": "float64", "bool": "boolean"}


@dataclass(frozen=True)
class Column:
    """One column: `empty` says whether a value may be missing."""

    name: str
    kind: Kind
    meaning: str
    empty: bool = False


@dataclass(frozen=True)
class Table:
    """One declared table; rows lie in the order of `key`."""

    name: str
    one_row_is: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    not_promised: str = ""

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def needed(name: str, kind: Kind, meaning: str) -> Column:
    """A column that every row fills."""
    return Column(name, kind, meaning)


def optional(name: str, kind: Kind, meaning: str) -> Column:
    """A column that may be empty."""
    return Column(name, kind, meaning, empty=True)


def empty_frame(table: Table) -> pd.DataFrame:
    """A frame of `table` with no rows and the declared columns."""
    return shape_table(pd.DataFrame(columns=table.names), table)


def shape_table(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """`frame` with exactly the declared columns, dtypes and row order of `table` (a plain DataFrame)."""
    shaped = pd.DataFrame({name: frame.get(name, None) for name in table.names}, index=frame.index)
    for column in table.columns:
        if column.kind in DTYPES:
            shaped[column.name] = shaped[column.name].astype(DTYPES[column.kind])
    return shaped.sort_values(list(table.key), kind="stable", na_position="first").reset_index(drop=True)


def cells(frame: pd.DataFrame, name: str) -> list[Any]:
    """A column as a plain list, None for every empty cell, and for all of them where there is no such column."""
    if name not in frame:
        return [None] * len(frame)
    values = frame[name].to_numpy(dtype=object, copy=True)
    values[frame[name].isna().to_numpy()] = None
    return list(values.tolist())


def check_table(frame: pd.DataFrame, table: Table) -> None:
    """Raise TableError with every way in which `frame` breaks the declaration of `table`."""
    faults = [f"column {name} is missing" for name in table.names if name not in frame]
    faults += [f"column {name} is not declared" for name in frame.columns if name not in table.names]
    if not faults:
        for column in table.columns:
            if not column.empty and frame[column.name].isna().any():
                faults.append(f"column {column.name} has {int(frame[column.name].isna().sum())} empty values")
        if frame.duplicated(list(table.key)).any():
            faults.append(f"key {', '.join(table.key)} is not unique")
    if faults:
        raise TableError(f"table {table.name}: {'; '.join(faults)}")


def describe_tables(tables: Iterable[Table]) -> str:
    """docs/tables.md, printed from the declarations."""
    lines = ["# Tables", "", "Printed from `pipeline/tables/`; a test keeps the two equal.", ""]
    for table in tables:
        lines += [f"## {table.name}", "", f"One row is {table.one_row_is}. Key: `{' '.join(table.key)}`.", ""]
        if table.not_promised:
            lines += [table.not_promised, ""]
        lines += ["| column | kind | may be empty | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{c.name}` | {c.kind} | {'yes' if c.empty else ''} | {c.meaning.replace('|', '¦')} |"
            for c in table.columns
        ]
        lines.append("")
    return "\n".join(lines)
