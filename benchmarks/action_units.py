"""Our face cues against somebody else's action units of the same film: rank correlations.

``python -m benchmarks.action_units FILM TABLE.csv`` with what OpenFace 2 (``AU04_r``, by ``timestamp``) or
py-feat (``AU04``, by ``frame``) wrote of a film of one face. Neither is installed with the project: their
weights are not in a package index, and OpenFace's are for research only.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from coregulate.core import FloatArray

#: Action unit, the cue that shows it, and which way. A blink (AU45, py-feat's AU43) is an aperture that closes.
PAIRS = (
    ("AU01", "inner_brow_raiser", 1), ("AU04", "brow_lowerer", 1), ("AU12", "lip_corner_puller", 1),
    ("AU25", "jaw_drop", 1), ("AU26", "jaw_drop", 1), ("AU43", "eye_aperture", -1), ("AU45", "eye_aperture", -1),
)  # fmt: skip


def our_cues(film: Path) -> tuple[FloatArray, Mapping[str, FloatArray]]:
    """Cues of the face that is seen most, of every picture, and the pictures' times in s."""
    from coregulate.perception import watch_faces
    from coregulate.readers import video_facts, video_frames

    rate_hz = float(video_facts(film).rate_hz)
    tracks = watch_faces(video_frames(film, rate_hz), max_people=1)
    if not tracks.labels:
        raise SystemExit(f"No face was found. File: {film}")
    return tracks.times_s, tracks.values[tracks.labels[0]]


def their_units(table: Path, times_s: FloatArray) -> pd.DataFrame:
    """Action units by the number of the picture (of ``times_s``), where their software saw a face."""
    rows = pd.read_csv(table, skipinitialspace=True)
    rows.columns = [str(c).strip().removesuffix("_r") for c in rows.columns]
    if "success" in rows:
        rows = rows[rows["success"] == 1]
    pictures = (
        np.searchsorted(times_s, rows["timestamp"].to_numpy() - 1e-3)
        if "timestamp" in rows
        else rows["frame"]
    )
    units = rows[[unit for unit, *_ in PAIRS if unit in rows]].set_axis(np.asarray(pictures, dtype=int))
    return units[units.index < len(times_s)].dropna()


def rank_correlation(cue: FloatArray, unit: FloatArray, way: int = 1) -> float:
    """Spearman's, over pictures in which both saw the face; NaN for fewer than four."""
    both = np.isfinite(cue) & np.isfinite(unit)
    return float(spearmanr(way * cue[both], unit[both])[0]) if both.sum() > 3 else float("nan")


def main(film: Path, table: Path) -> None:
    times_s, cues = our_cues(film)
    units = their_units(table, times_s)
    for unit, cue, way in PAIRS:
        if unit in units:
            rho = rank_correlation(cues[cue][units.index], units[unit].to_numpy(), way)
            print(f"{unit}  {cue:18s} {rho:5.2f}  ({len(units)} pictures)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
