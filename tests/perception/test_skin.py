"""Pulse from the colour of skin: known rates are found, and what is no pulse is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from coregulate.core import InputError
from coregulate.perception.faces.skin import FLOOR, Skin, pos, pulse_rate

SKIN = np.array([190.0, 140.0, 118.0])
ROOM = np.array([110.0, 112.0, 108.0])
BLOOD = np.array([0.33, 0.77, 0.53])  # Wang et al. 2017: the pulse in red, green and blue


def times(seconds=60.0, rate_hz=10.0, *, uneven_s=0.02, seed=0):
    n = round(seconds * rate_hz)
    return np.arange(n) / rate_hz + np.random.default_rng(seed).uniform(-uneven_s, uneven_s, n)


def pulse(t, per_min, amplitude=0.005):
    """Relative change of the colours by a pulse whose rate breathes a little, shape (n, 3)."""
    turns = 2 * np.pi * (per_min / 60 * t + 0.03 * per_min / 60 * 1.6 * np.sin(2 * np.pi * 0.1 * t))
    return amplitude * (np.sin(turns) + 0.3 * np.sin(2 * turns + 1))[:, None] * BLOOD


def noise(shape, size, seed, memory=0.0):
    """Noise of this root mean square that remembers a share of the sample before."""
    white = np.random.default_rng(seed).standard_normal(shape)
    return size * lfilter([np.sqrt(1 - memory**2)], [1, -memory], white, axis=0)


def camera(t, seed, size=0.0005):
    return noise((len(t), 3), size, seed)


def rates(t, change, **more):
    at_s = np.arange(10.0, t[-1] - 10)
    return pulse_rate(t, SKIN * (1 + change), at_s=at_s, **more)


def still_head(t, seed=0):
    """Position and size in pixels and angles of a head that only the fit of the points moves."""
    return np.array([300, 200, 100, 0, 0, 0.0]) + noise((len(t), 6), 0.1, seed)


@pytest.mark.parametrize("per_min", [50, 60, 72, 85, 100, 120])
@pytest.mark.parametrize("amplitude", [0.003, 0.01])
def test_a_known_rate_is_found(per_min, amplitude):
    t = times(seed=per_min)
    found, quality = rates(t, pulse(t, per_min, amplitude) + camera(t, 1), head=still_head(t))
    told = np.isfinite(found)
    assert told.mean() > 0.8
    assert np.abs(found[told] - per_min).max() < 3
    assert np.all(quality[told] >= FLOOR)


def test_a_rate_that_rises_is_followed():
    t = times(90)
    rate = 60 + 30 * t / 90
    turns = 2 * np.pi * np.cumsum(rate / 60) * 0.1
    found, _ = rates(t, 0.005 * np.sin(turns)[:, None] * BLOOD + camera(t, 1))
    assert np.isfinite(found).mean() > 0.8
    assert np.nanmax(np.abs(found - np.interp(np.arange(10.0, t[-1] - 10), t, rate))) < 3


def test_noise_has_no_pulse():
    told = []
    for seed in range(40):
        t = times(40, seed=seed)
        own = noise((len(t), 3), 0.003, seed, 0.9) + noise((len(t), 1), 0.02, 1000 + seed, 0.8)
        for change in (camera(t, seed, 0.002), own + camera(t, seed, 0.001)):
            told.append(np.isfinite(rates(t, change)[0]))
    assert np.mean(told) < 0.005


def test_a_constant_colour_has_no_pulse():
    t = times()
    found, quality = rates(t, np.zeros((len(t), 3)))
    assert np.isnan(found).all()
    assert not quality.any()


def lamps(t):
    """Name of a change of light: what it does to face and to room."""
    mains = 0.03 * np.sin(2 * np.pi * 1.2 * t)[:, None] * np.ones(3)  # 100 Hz seen ten times a second, folded
    steps = 0.1 * np.cumsum(np.random.default_rng(3).choice([0, 0, 0, 0, 0, 0, 0, -1, 1], len(t)))
    steps = 0.1 * np.sin(steps)[:, None] * np.ones(3)
    warm = 0.01 * np.sin(2 * np.pi * 1.2 * t)[:, None] * [1.0, 0.8, 0.5]
    return {
        "mains": (mains, mains),
        "mains, dark lifted": (mains * (1 - 12 / SKIN), mains * (1 - 12 / ROOM)),
        "exposure": (steps, steps),
        "exposure, dark lifted": (steps * (1 - 12 / SKIN), steps * (1 - 12 / ROOM)),
        "a warm lamp": (warm, 0.6 * warm),
    }


@pytest.mark.parametrize("name", lamps(np.zeros(1)))
def test_light_is_no_pulse(name):
    t = times()
    for seed in range(4):
        face, room = lamps(t)[name]
        found, _ = rates(t, face + camera(t, seed), room=ROOM * (1 + room + camera(t, 50 + seed, 0.0003)))
        assert np.isnan(found).all()


@pytest.mark.parametrize("nod_hz", [0.6, 1.2])
def test_a_nodding_head_is_no_pulse(nod_hz):
    t = times()
    for seed in range(4):
        head = still_head(t, seed)
        pitch = 5 * np.sin(2 * np.pi * nod_hz * t)
        head[:, 4] += pitch
        head[:, 1] += 0.6 * pitch
        shade = 0.004 * pitch[:, None] * [1.0, 1.1, 1.15] + 0.0006 * pitch[:, None] ** 2 * [0.7, 1.0, 1.0]
        found, _ = rates(t, shade + camera(t, seed), head=head)
        assert np.isnan(found).all()


def test_a_pulse_survives_light_and_small_movements():
    t = times()
    told, off = [], []
    for seed in range(5):
        head = still_head(t, seed) + noise((len(t), 6), [1, 1, 0.5, 0.6, 0.6, 0.6], 90 + seed, 0.95)
        light = noise((len(t), 1), 0.005, seed, 0.9)
        shade = 0.002 * (head[:, 4:5] - head[:, 4:5].mean()) * [1.0, 1.1, 1.15]
        change = pulse(t, 66) + light + shade + camera(t, 20 + seed)
        found, _ = rates(t, change, head=head, room=ROOM * (1 + light + camera(t, seed, 0.0003)))
        told.append(np.isfinite(found))
        off.append(np.abs(found - 66))
    assert np.mean(told) > 0.8
    assert np.nanmax(off) < 3


def test_a_gap_is_refused_and_what_is_around_it_is_not():
    t = times(80)
    keep = (t < 38) | (t > 42)
    at_s = np.arange(80.0)
    found, quality = pulse_rate(t[keep], SKIN * (1 + pulse(t, 70) + camera(t, 1))[keep], at_s=at_s)
    assert np.isnan(found[29:52]).all()
    assert not quality[29:52].any()
    assert np.isfinite(found[[15, 25, 55, 65]]).all()
    assert np.isnan(found[[0, 5, 75]]).all()


def test_too_short_is_refused():
    t = times(15)
    found, quality = pulse_rate(t, SKIN * (1 + pulse(t, 70)), at_s=t)
    assert np.isnan(found).all()
    assert not quality.any()


def test_light_alone_leaves_nothing_of_pos():
    t = times()
    light = 1 + noise((len(t), 1), 0.05, 0, 0.8)
    assert np.abs(pos(SKIN * light)).max() < 1e-12
    beat = pulse(t, 70)
    assert abs(np.corrcoef(pos(SKIN * (1 + beat))[16:-16], beat[16:-16, 1])[0, 1]) > 0.95


def test_wrong_input_is_refused():
    t = times(30)
    with pytest.raises(InputError, match="three colours"):
        pulse_rate(t, np.ones((len(t), 2)), at_s=t)
    with pytest.raises(InputError, match="in order"):
        pulse_rate(t[::-1], np.ones((len(t), 3)), at_s=t)


def test_nobody_seen_is_nothing_told():
    found, quality = Skin().pulse(3, np.arange(5.0))
    assert np.isnan(found).all()
    assert not quality.any()
