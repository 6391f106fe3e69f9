"""Analyses as tables: one row for each session and person, or the full tracks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coregulate.analysis import Analysis
from coregulate.core import StoreError
from coregulate.cues import STATES

if TYPE_CHECKING:
    import pandas as pd


def summary_table(analyses: Sequence[Analysis]) -> pd.DataFrame:
    """One row for each session and person.

    Parameters
    ----------
    analyses : sequence of Analysis

    Returns
    -------
    pandas.DataFrame
        Session, person, length (s), mean probabilities (1), share not known (1), means of the
        physical signals (their own units), episodes, the bond's word and its gain.
    """
    import pandas as pd

    return pd.DataFrame([_row(analysis, p.id) for analysis in analyses for p in analysis.session.people])


def export_tracks(analyses: Sequence[Analysis]) -> pd.DataFrame:
    """Every second of every person: probabilities and the second's mean of each cue (z).

    Parameters
    ----------
    analyses : sequence of Analysis

    Returns
    -------
    pandas.DataFrame
        Columns session, person, time_s, p_<state>, and a column a cue; NaN is not observed.
    """
    import pandas as pd

    frames = [_tracks(analysis, p.id) for analysis in analyses for p in analysis.session.people]
    return pd.concat(frames, ignore_index=True)


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as Parquet where the name ends in ``.parquet``, else as CSV; aside first.

    Raises
    ------
    StoreError
        Where the file cannot be written.
    """
    aside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            table.to_parquet(aside, engine="fastparquet", index=False)
        else:
            table.to_csv(aside, index=False)
        aside.replace(path)
    except OSError as error:
        raise StoreError(
            f"The table cannot be written ({error.strerror})", "Choose another place with --out", path
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return path


def _row(analysis: Analysis, person: str) -> dict[str, Any]:
    facts = analysis.summary
    bond = facts["bond"]
    row: dict[str, Any] = {
        "session": facts["session"]["name"], "person": person, "name": analysis.session.name_of(person),
        "duration_s": facts["session"]["duration_s"], "overlap_s": facts["session"]["overlap_s"],
    }  # fmt: skip
    row.update(
        {f"p_{state}": value for state, value in facts["states"][person].items() if state != "not_known"}
    )
    row["share_not_known"] = facts["states"][person]["not_known"]
    for name, signal in sorted(analysis.signals.get(person, {}).items()):
        values = np.asarray(signal.values, dtype=float)
        known = values[np.isfinite(values)]
        row[f"{name}_mean"] = float(known.mean()) if known.size else np.nan
    row["n_episodes"] = len(facts["episodes"])
    row["off_track_s"] = sum(e["end_s"] - e["start_s"] for e in facts["episodes"])
    row["verdict"] = bond["verdict"]
    row.update({f"stability_gain_{k}": v for k, v in bond["stability_gain"].items()})
    return row


def _tracks(analysis: Analysis, person: str) -> pd.DataFrame:
    import pandas as pd

    states = analysis.states.sel(person=person)
    n = states.sizes["time"]
    columns: dict[str, Any] = {
        "session": [analysis.session.name] * n, "person": [person] * n, "time_s": states.time.values,
    }  # fmt: skip
    columns.update({f"p_{state}": states.sel(state=state).values for state in STATES})
    for name in analysis.cues.data_vars:
        if not str(name).endswith("_quality"):
            columns[str(name)] = _second_means(analysis.cues[name].sel(person=person).values, n)
    return pd.DataFrame(columns)


def _second_means(values: NDArray[Any], n_s: int) -> NDArray[Any]:
    padded = np.full(n_s * 10, np.nan)
    padded[: min(len(values), n_s * 10)] = values[: n_s * 10]
    blocks = padded.reshape(n_s, 10)
    seen = np.isfinite(blocks)
    return np.where(seen.any(axis=1), np.nansum(blocks, axis=1) / np.maximum(seen.sum(axis=1), 1), np.nan)
