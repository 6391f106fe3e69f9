"""pandas' C parser, kept away from the one thing that kills it.

pandas 2.3.3 ends the whole process on a number with a huge exponent
(``1e3091700000000``): the exponent overflows inside its own number parser, in
``read_csv`` and in ``to_numeric`` alike. A text that holds an exponent of four
digits or more is therefore read as words, and words become numbers by Python's ``float``.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coregulate.core import FloatArray, Notice

if TYPE_CHECKING:
    import pandas as pd

_HUGE_EXPONENT = re.compile(r"[eE][+-]?\d{4}")


def parse(
    text: str, *, delimiter: str, names: Sequence[str], decimal: str, keep: Sequence[str] | None = None
) -> pd.DataFrame:
    """Parse delimited text without a header, of its columns those to keep; lines with too many fields are skipped.

    Raises
    ------
    ValueError, OverflowError
        pandas' own errors are among the first.
    """
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_csv(
            io.StringIO(text),
            sep=r"\s+" if delimiter == " " else delimiter,
            header=None,
            names=list(names),
            usecols=None if keep is None else list(keep),
            index_col=False,
            decimal=decimal,
            low_memory=False,
            on_bad_lines="skip",
            skipinitialspace=True,
            engine="c",
            dtype=str if _HUGE_EXPONENT.search(text) else None,
        )


def floats(column: pd.Series, decimal: str) -> FloatArray:
    """Return a column as floats: NaN where it holds no number, infinite where it says so."""
    import pandas as pd

    if column.dtype == np.float32:  # of a large table
        return column.to_numpy()
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array([_float(x, decimal) for x in column], dtype=np.float64)


def _float(field: object, decimal: str) -> float:
    text = str(field).strip()
    if decimal == ",":
        text = text.replace(",", ".")
    if "_" in text:  # Python reads 1_000 as a number
        return np.nan
    try:
        return float(text)
    except ValueError:
        return np.nan


def without_empty_end(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the rows at its end that hold nothing; between others an empty row is a lost sample."""
    known = np.flatnonzero(table.notna().any(axis=1).to_numpy())
    return table.iloc[: int(known[-1]) + 1] if len(known) else table.iloc[:0]


def not_numbers(where: str, n: int) -> Notice:
    """Say that fields among a column's numbers are none."""
    return Notice("not_numbers", where, f"{n} fields are no numbers: read as missing.")
