from __future__ import annotations

import numpy as np

from coregulate.analysis.presence import presence
from coregulate.core import Events, Label, Samples, Segment, Signal, Sound, Track


def test_gaps_missing_values_and_late_starts_show():
    span = Segment(0.0, 100.0)
    values = np.ones(1000)
    values[300:400] = np.nan
    on = presence(Signal(values, 10.0), span, 10)
    assert on.round(2).tolist() == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    times = np.r_[np.arange(0, 20, 0.1), np.arange(60, 80, 0.1)]
    on = presence(Samples(times, np.ones(len(times))), span, 10)
    assert on.round(2).tolist() == [1, 1, 0, 0, 0, 0, 1, 1, 0, 0]
    beats = Events(np.arange(50.0, 100.0, 0.8), np.full(63, 800.0))
    assert presence(beats, span, 4).round(2).tolist() == [0, 0, 1, 1]
    assert presence(Track((Label(0, 25, "a"),)), span, 4).tolist() == [1, 0, 0, 0]
    assert presence(Track(()), span, 2).tolist() == [0, 0]
    assert presence(Sound("x", 8000.0, 50.0), span, 2).tolist() == [1, 0]
