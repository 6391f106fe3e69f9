"""Whose voice is whose face: the one whose mouth moves while it is heard."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, Track

MIN_S = 3.0  # prior: speech of one voice alone, with both faces seen, that a match needs
CLEAR = 1.2  # prior: the better pairing's movement against the other's; under it nothing is said


def voices_of_faces(
    voices: Track, times_s: FloatArray, jaw: Mapping[str, FloatArray]
) -> dict[str, str] | None:
    """Pair two voices with two faces by the movement of the mouth while only one voice is heard.

    Parameters
    ----------
    voices : Track
        Labels of two speakers.
    times_s : ndarray, shape (n,)
        Of the pictures, s.
    jaw : dict of face to ndarray, shape (n,)
        Opening of the mouth of two faces; NaN where not seen.

    Returns
    -------
    dict of voice to face, or None
        None where there are not two of each, too little was seen, or the pairing is not clear.

    Notes
    -----
    Movement is the mean absolute change of the opening, relative to the face's own mean, so that a
    face that is nearer or livelier has no advantage.
    """
    names, faces = sorted({x.text for x in voices.labels}), list(jaw)
    if len(names) != 2 or len(faces) != 2:
        return None
    speaking = {
        name: _during(times_s, [(x.start_s, x.end_s) for x in voices.labels if x.text == name])
        for name in names
    }
    alone = {name: speaking[name] & ~speaking[other] for name, other in permutations(names)}
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    moved = {face: np.abs(np.gradient(values)) for face, values in jaw.items()} if len(times_s) > 1 else {}
    seen = np.all([np.isfinite(m) for m in moved.values()], axis=0) if moved else np.zeros(0, bool)
    if any((alone[name] & seen).sum() * step_s < MIN_S for name in names):
        return None
    level = {
        (name, face): float(moved[face][alone[name] & seen].mean() / max(moved[face][seen].mean(), 1e-9))
        for name in names
        for face in faces
    }
    straight = level[names[0], faces[0]] + level[names[1], faces[1]]
    crossed = level[names[0], faces[1]] + level[names[1], faces[0]]
    if max(straight, crossed) < CLEAR * min(straight, crossed):
        return None
    return dict(zip(names, faces if straight > crossed else faces[::-1], strict=True))


def _during(times_s: FloatArray, stretches: list[tuple[float, float]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(times_s), dtype=bool)
    for start_s, end_s in stretches:
        inside |= (times_s >= start_s) & (times_s < end_s)
    return inside
