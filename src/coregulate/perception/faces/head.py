"""What a head does over time: nodding, shaking, tilting, turning away, looking at the other."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.ndimage import median_filter

from coregulate.core import FloatArray, InputError

from .measure import BLINK_APERTURE
from .watch import FaceTracks

#: Every cue of ``head_cues`` and the two of gaze, with its unit.
HEAD_CUES = {
    "nod": "1",
    "shake": "1",
    "head_tilt_deg": "deg",
    "turned_away": "0 or 1",
    "gaze_toward_partner": "1",
    "gaze_toward_screen": "1",
}

_SWING_DEG = 4.0  # measured: raising the brows, or beginning to smile, moves the pitch by up to 3.5
_SWING_S = 0.8  # prior: a swing up or down takes no longer (0.6 Hz); a longer one is looking elsewhere
_HOLD_S = 0.3  # prior: nor does the head stay longer before it comes back
_RESTS = 0.2  # prior: share of a swing that still counts as the rest before it, or after
_LIKE = 0.5  # prior: the second of two swings is at least this share of the first, so the head comes back
_NOD_WINDOW_S = 2.0  # the cue book's window of ``nod``
_LEAST_SEEN = 0.5  # prior: of a window, to say anything of it
_STEADY_S = 1.0  # prior: a tilt or a turn that lasts less is a passing movement
_AWAY_DEG = 30.0  # prior
_LOST_S = (
    10.0  # prior: a turned face that is lost, and found turned to the same side, was turned all the while
)
_LOST_QUALITY = 0.3  # prior: of what is told of a face that is turned too far to be seen well, or at all
_ENDS = 3  # prior: pictures at the end of what is seen that say how the head was turned
_TOWARD_DEG = (10.0, 25.0)  # prior: up to the first not at all, from the second on wholly
_LEVEL_DEG = (15.0, 30.0)  # prior: above or below where one usually looks, likewise


class _Swing(NamedTuple):
    first: int
    last: int
    size_deg: float


def head_cues(tracks: FaceTracks, label: str) -> dict[str, FloatArray]:
    """Return what the head of one person does.

    Parameters
    ----------
    tracks : FaceTracks
        At about 10 pictures a second.
    label : str

    Returns
    -------
    dict of str to ndarray, shape (n,)
        ``nod``, ``shake``: share of the past 2 s, 0 to 1, that belongs to nods (or shakes): swings of
        the pitch (yaw) of 4 degrees and more that come back, each within 0.8 s, larger than the
        swing of the other angle meanwhile. ``head_tilt_deg``: roll against the person's own median,
        kept for about a second, to their right above 0. ``turned_away``: 1 while the head is turned
        to a side by more than 30 degrees from where it usually points, for about a second, and while a face
        that was turned so is lost for up to 10 s and then seen turned to the same side.
        NaN where too little is seen; the past 2 s need half of it.

    Raises
    ------
    InputError
        Where there is no such label.

    Notes
    -----
    Symmetrical cyclic movements say yes and no, linear ones accompany speech: Hadar, Steiner &
    Rose 1985, 10.1007/BF00986881. A movement of speech that comes back counts as well:
    nodding while speaking is not told from nodding to what is heard. Faster than 5 Hz is
    not to be seen in 10 pictures a second. A hand over the face moves the points as nodding does.
    Sizes are (prior).
    """
    values = _values(tracks, label)
    t, yaw, pitch = tracks.times_s, values["head_yaw_deg"], values["head_pitch_deg"]
    roll = _steady(values["head_roll_deg"], t)
    turn = _steady(yaw - _median(yaw), t)
    away = np.where(np.isfinite(turn), (np.abs(turn) > _AWAY_DEG).astype(float), np.nan)
    away[_lost_turned(yaw - _median(yaw), t) != 0] = 1.0
    return {
        "nod": _lately(_cycles(pitch, yaw, t), pitch, t),
        "shake": _lately(_cycles(yaw, pitch, t), yaw, t),
        "head_tilt_deg": roll - _median(roll),
        "turned_away": away,
    }


def gaze_toward_partner(tracks: FaceTracks, label: str, partner: str) -> FloatArray:
    """Return how far a person looks to the side where the partner is, in a picture of one room.

    Parameters
    ----------
    tracks : FaceTracks
        Both people in one room in one picture; not two pictures side by side (a video call), where
        the partner's place in the picture is not their place in the room.
    label, partner : str

    Returns
    -------
    ndarray, shape (n,)
        0 (to the camera or to the other side) to 1 (25 degrees and more toward the partner);
        lower where the gaze is far above or below where this person usually looks. NaN while the
        eyes are closed or either is not to be seen; one who was seen in the last second counts as there.
        1 while a face that was turned to the partner by 30 degrees and more is lost for up to 10 s and then
        seen turned there again.

    Raises
    ------
    InputError
        Where there is no such label.

    Notes
    -----
    Sides are sides of the picture, so a mirrored picture says the same. How far the partner is
    to the side is not known from one camera: it is taken that they sit beside each other or at
    an angle, facing the camera more than each other. Two who sit face to face are seen
    from the side, beyond 50 degrees, where a face is lost: who never turns to the camera is not
    seen at all, and this is NaN and not 1.
    """
    values, boxes = _values(tracks, label), tracks.boxes[label]
    _values(tracks, partner)
    own_x = boxes[:, [0, 2]].mean(axis=1)
    other_x = _held(tracks.boxes[partner][:, [0, 2]].mean(axis=1), tracks.times_s)
    yaw, pitch = _gaze(values)
    toward = _ramp(yaw * np.sign(other_x - own_x), *_TOWARD_DEG)
    toward = toward * (1.0 - _ramp(np.abs(pitch - _median(pitch)), *_LEVEL_DEG))
    side = np.sign(other_x - _last(own_x))
    toward[(_lost_turned(values["head_yaw_deg"], tracks.times_s) == side) & (side != 0)] = 1.0
    return toward


def turned_quality(tracks: FaceTracks, label: str, told: FloatArray) -> FloatArray:
    """Return how far ``turned_away`` or ``gaze_toward_partner`` can be trusted.

    Parameters
    ----------
    tracks : FaceTracks
    label : str
    told : ndarray, shape (n,)
        The cue.

    Returns
    -------
    ndarray, shape (n,)
        The quality of the face, 0 to 1; at least .3 (prior) where the cue is 1 because the face is turned so far that
        it is seen badly or not at all: that very thing is what is told.

    Raises
    ------
    InputError
        Where there is no such label.
    """
    yaw, quality = _values(tracks, label)["head_yaw_deg"], tracks.quality[label]
    far = ~(np.abs(yaw) < _AWAY_DEG)
    return np.where((told == 1.0) & far, np.maximum(quality, _LOST_QUALITY), quality)


def gaze_toward_screen(tracks: FaceTracks, label: str) -> FloatArray:
    """Return how near a person's gaze is to where it usually rests, in a picture of their own.

    Parameters
    ----------
    tracks : FaceTracks
    label : str

    Returns
    -------
    ndarray, shape (n,)
        1 (within 10 degrees of the usual direction) to 0 (25 degrees off). NaN while the eyes are
        closed, and throughout where the usual direction is more than 25 degrees beside the
        camera: then it is not the screen that the camera sits on.

    Raises
    ------
    InputError
        Where there is no such label.

    Notes
    -----
    In a video call the other person is somewhere on the screen. That somebody looks at the screen
    does not say that they look at the other: this stands for ``gaze_toward_partner`` only
    where somebody decides so.
    """
    yaw, pitch = _gaze(_values(tracks, label))
    usual = _median(yaw), _median(pitch)
    if not abs(usual[0]) <= _TOWARD_DEG[1]:
        return np.full_like(yaw, np.nan)
    return 1.0 - _ramp(np.hypot(yaw - usual[0], pitch - usual[1]), *_TOWARD_DEG)


def _lost_turned(angle_deg: FloatArray, times_s: FloatArray) -> FloatArray:
    """Side, 1 or -1, to which a head is turned in what is not seen, where both ends of that say so; else 0."""
    out = np.zeros(len(angle_deg))
    for (first, last), (begin, end) in pairwise(_stretches(angle_deg, times_s)):
        before = float(np.median(angle_deg[max(first, last - _ENDS) : last]))
        after = float(np.median(angle_deg[begin : min(end, begin + _ENDS)]))
        lasts = times_s[begin] - times_s[last - 1]
        if before * after > 0 and min(abs(before), abs(after)) >= _AWAY_DEG and lasts <= _LOST_S:
            out[last:begin] = np.sign(before)
    return out


def _values(tracks: FaceTracks, label: str) -> dict[str, FloatArray]:
    if label not in tracks.values:
        raise InputError(f"There is no face '{label}'", f"Faces are {', '.join(tracks.labels) or 'none'}")
    return tracks.values[label]


def _gaze(values: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Yaw and pitch of the eyes against the camera; of the head where open eyes' irises are off."""
    off = (values["eye_aperture"] >= BLINK_APERTURE) & np.isnan(values["gaze_yaw_deg"])
    yaw, pitch = (np.where(off, values[f"head_{a}_deg"], values[f"gaze_{a}_deg"]) for a in ("yaw", "pitch"))
    return yaw, pitch


def _ramp(values: FloatArray, low: float, high: float) -> FloatArray:
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def _median(values: FloatArray) -> float:
    seen = values[np.isfinite(values)]
    return float(np.median(seen)) if seen.size else float("nan")


def _held(values: FloatArray, times_s: FloatArray) -> FloatArray:
    """Values, kept for a second after they end."""
    last = _last(np.where(np.isfinite(values), times_s, np.nan))
    return np.where(times_s - last <= _STEADY_S, _last(values), np.nan)


def _last(values: FloatArray) -> FloatArray:
    """At each place the last value that is known."""
    at = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), 0))
    return np.asarray(values[at])


def _steady(values: FloatArray, times_s: FloatArray) -> FloatArray:
    """Median over about a second, of each stretch that is seen by itself."""
    out = np.full_like(values, np.nan)
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    width = 2 * int(_STEADY_S / step / 2) + 1
    for first, last in _stretches(values, times_s):
        out[first:last] = median_filter(values[first:last], size=width, mode="nearest")
    return out


def _stretches(values: FloatArray, times_s: FloatArray) -> list[tuple[int, int]]:
    """First and past-the-last row of what is seen without a gap."""
    seen = np.flatnonzero(np.isfinite(values))
    if not seen.size:
        return []
    breaks = np.flatnonzero((np.diff(seen) > 1) | (np.diff(times_s[seen]) > _SWING_S)) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(seen, breaks)]


def _swings(angle: FloatArray) -> list[_Swing]:
    """Ups and downs of the least size and more between the turning points, without the rest before and after."""
    turns, high, low, way = [0], 0, 0, 0
    for k, value in enumerate(angle):
        high = k if value > angle[high] else high
        low = k if value < angle[low] else low
        if way >= 0 and angle[high] - value >= _SWING_DEG:
            turns, low, way = [*turns, high], k, -1
        elif way <= 0 and value - angle[low] >= _SWING_DEG:
            turns, high, way = [*turns, low], k, 1
    turns.append(high if way > 0 else low)
    pairs = [(a, b, float(angle[b] - angle[a])) for a, b in pairwise(turns)]
    return [_trimmed(angle, a, b, size) for a, b, size in pairs if abs(size) >= _SWING_DEG]


def _trimmed(angle: FloatArray, first: int, last: int, size_deg: float) -> _Swing:
    """Return the swing from where the head leaves its rest to where it comes to rest."""
    done = (angle[first : last + 1] - angle[first]) / size_deg
    leaves = int(np.flatnonzero(done <= _RESTS)[-1])
    arrives = leaves + int(np.flatnonzero(done[leaves:] >= 1.0 - _RESTS)[0])
    return _Swing(first + leaves, first + arrives, size_deg)


def _cycles(angle: FloatArray, other: FloatArray, times_s: FloatArray) -> FloatArray:
    """1 where an angle swings and comes back while the other swings less, else 0."""
    out = np.zeros(len(angle))
    for first, last in _stretches(angle, times_s):
        t, a, b = times_s[first:last], angle[first:last], other[first:last]
        for one, two in pairwise(_swings(a)):
            brief = max(t[one.last] - t[one.first], t[two.last] - t[two.first]) <= _SWING_S + 1e-6
            at_once = t[two.first] - t[one.last] <= _HOLD_S + 1e-6
            less, more = sorted((abs(one.size_deg), abs(two.size_deg)))
            if brief and at_once and less >= _LIKE * more and np.ptp(b[one.first : two.last + 1]) < more:
                out[first + one.first : first + two.last + 1] = 1.0
    return out


def _lately(doing: FloatArray, seen: FloatArray, times_s: FloatArray) -> FloatArray:
    """Share of what is seen of the past window."""
    there = np.isfinite(seen)
    begin = np.searchsorted(times_s, times_s - _NOD_WINDOW_S, side="right")
    end = np.arange(1, len(times_s) + 1)
    total = np.concatenate([[0.0], np.cumsum(doing * there)])
    count = np.concatenate([[0.0], np.cumsum(there)])
    n = count[end] - count[begin]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (total[end] - total[begin]) / n
    return np.where(there & (n >= _LEAST_SEEN * (end - begin)), share, np.nan)
