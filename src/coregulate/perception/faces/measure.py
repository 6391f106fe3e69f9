"""What a face does, from its points: distances in units of the face, turned to the front.

Each cue was tried on photographs bent by known amounts (``tests/perception/test_faces.py``: one;
by hand: seven, of other people) and on clips. Amounts are in units of the distance between the
outer eye corners. Left out, because they did not carry there:

- cheeks raised (AU6): the model does not look at cheeks. Pushing them up by 0.12 in seven faces moved
  its cheek points by -0.007 to 0.000, closing the eyes by 0.001 to 0.028, and a smile by 0.015 to 0.028.
  Lifting the lower lid by 0.08 moved it by 0.004 to 0.012, closing the eye 0.005 to 0.021. The
  blendshape ``eyeSquint`` follows how far the eyes are open, which is a cue here, and reads the same on
  crying (.47 to .58) as on laughing (.34 to .56); ``cheekSquint`` is 0 everywhere. How far the eyes
  narrow in a smile is in ``eye_aperture`` and ``lip_corner_puller`` together;
- corners pulled down (AU15): the corners against the upper lip followed the bent photograph
  (0.09 for a pull of 0.12), but on a real clip they read lower on a crying face than on the
  same face looking up: a raised lip or chin moves them as much. ``mouthFrown`` is at most 0.01 on
  faces that cry and sulk, 0.08 on one that is disgusted;
- outer brow raised (AU2): the same two heights of the brow as the two cues that are kept;
- one-sided mouth (AU14): one corner moved as in a smile gave 0.03 to 0.05, turning the head 0.02,
  and a clip without it varied from -0.024 to 0.024;
- the model's other blendshapes: ``mouthSmile`` reads .84 on crying as on smiling, ``mouthPress`` .4 in a
  broad smile and .08 on lips that are pressed, ``mouthRoll`` answers pressed lips by 1.1 in one face and
  0.1 in another. No cue that is kept moved more surely by them than by the points.
"""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

from .landmarks import LEFT_CORNER, RIGHT_CORNER, Face, angles_deg

#: Every cue measured here, with its unit; names are the cue book's where it has the cue.
CUES = {
    "brow_lowerer": "1",
    "inner_brow_raiser": "1",
    "lip_corner_puller": "1",
    "lip_pressor": "1",
    "jaw_drop": "1",
    "eye_aperture": "1",
    "blink": "0 or 1",
    "gaze_yaw_deg": "deg",
    "gaze_pitch_deg": "deg",
    "head_yaw_deg": "deg",
    "head_pitch_deg": "deg",
    "head_roll_deg": "deg",
    "head_motion": "1/s",
}

_INNER_BROW = (107, 55, 66, 65, 336, 285, 296, 295)
_OUTER_BROW = (70, 46, 63, 53, 300, 276, 293, 283)
_EYE_CORNERS = (33, 133, 263, 362)
_LIDS = (((159, 145), (158, 153), (160, 144)), ((386, 374), (385, 380), (387, 373)))
_MOUTH_CORNERS = (61, 291)
_UPPER_LIP, _LOWER_LIP, _NOSE_BASE = 13, 14, 2
_LIPS = ((0, 13), (37, 82), (267, 312), (14, 17), (87, 84), (317, 314))  # upper and lower edge of the red

# Where the canonical face of the model file rests, and what a strong action adds, all in units of
# the distance between the outer eye corners. Ranges are (prior): full actions of the photograph.
_BROW_REST, _BROW_RANGE = 0.211, 0.05
_TILT_REST, _TILT_RANGE = 0.043, 0.03
_CORNER_REST, _CORNER_RANGE = -0.253, 0.12
_WIDTH_REST, _WIDTH_RANGE = 0.552, 0.20
_GAP_RANGE = 0.30
# How far the corners lie behind the middle of the lips: .12 to .15 in three mouths at rest and through most of
# a crying, .20 at its height; .22 to .27 in smiles and laughs of six people. A smile pulls them back round the teeth.
_BACK_REST, _BACK_RANGE = 0.15, 0.10
# Red of both lips, of closed mouths at rest: 0.18, 0.20 and 0.22 in three people; 0.11 in one who presses them.
_LIPS_REST, _LIPS_RANGE = 0.20, 0.08
_CLOSED_GAP = 0.03  # prior: lips are pressed on each other, so wider apart nothing is known of it
# Measured on the photograph turned up and down by up to 20 degrees: what a nod leaves after the
# turn to the front, per degree of pitch from level.
_BROW_PER_DEG, _TILT_PER_DEG = -0.0008, -0.0008
BLINK_APERTURE = 0.16  # prior: half of an open eye's height against its width
_EYE_RADIUS = 0.133  # 12 mm of an eyeball against 90 mm between the outer corners (adults, rounded)
_FAR_GAZE = 0.77  # sine of 50 degrees: eyes turn no further in the head, so it is a misfit
_SMALL_PX, _GOOD_PX = 30.0, 90.0  # prior: height of a face from which nothing, and everything, is read
_GAP_S = 0.5  # prior: over a longer gap no movement is read
_YAW_GOOD_DEG, _YAW_LOST_DEG = 20.0, 50.0  # prior: within 20 degrees actions moved by up to 0.35


def measure(face: Face) -> dict[str, FloatArray]:
    """Return the cues of faces; all of ``CUES`` but ``head_motion``, which needs two pictures.

    Parameters
    ----------
    face : Face
        One, or several along a leading axis.

    Returns
    -------
    dict of str to ndarray
        Of the shape of the leading axis, () for one face. Actions: 0 where the model's canonical face rests, 1 a strong action, beyond both where
        a face is; compare them with the person's own baseline. Opposites share a measure:
        a raised brow takes ``brow_lowerer`` below 0.
        ``eye_aperture``: height against width. ``blink``: 1 while below 0.16 of
        it; the tracks keep closures of up to 0.4 s. Angles
        in degrees against the camera: yaw to the person's own left, pitch up, roll to their
        right shoulder. Gaze is NaN while the eyes are closed or the iris is off, ``lip_pressor`` while
        the lips are apart.

    Notes
    -----
    Opening the mouth lowers the corners and the middle of the lips together and so counts for
    no smile. Crying pulls the corners out and up too, but hardly back: it reads as a smile of .5 at its height. Angles stand as they
    are: people photographed from 15 and 45 degrees read 12 and 42. Photographs that are bent by
    30 degrees read 16 to 25 more (five faces), for they hide no cheek, so they set no correction.
    """
    q = face.front
    unit = _apart(q, LEFT_CORNER, RIGHT_CORNER)
    yaw, pitch, roll = angles_deg(face.rotation)
    eyes = _level(q, _EYE_CORNERS)
    inner, outer = ((_level(q, ids) - eyes) / unit for ids in (_INNER_BROW, _OUTER_BROW))
    corners = _level(q, _MOUTH_CORNERS)
    raised = (corners - q[..., _NOSE_BASE, 1]) / unit
    wide = (q[..., _MOUTH_CORNERS[1], 0] - q[..., _MOUTH_CORNERS[0], 0]) / unit
    gap = (q[..., _UPPER_LIP, 1] - q[..., _LOWER_LIP, 1]) / unit
    back = (q[..., _UPPER_LIP, 2] - q[..., _MOUTH_CORNERS, 2].mean(axis=-1)) / unit
    pulled = ((raised - _CORNER_REST) / _CORNER_RANGE + (wide - _WIDTH_REST) / _WIDTH_RANGE) / 2
    high, low = np.transpose(_LIPS)
    red = (q[..., high, 1] - q[..., low, 1]).sum(axis=-1) / 3 / unit
    aperture = _aperture(q)
    closed = aperture < BLINK_APERTURE
    brow = (inner + outer) / 2 - _BROW_PER_DEG * pitch
    tilt = inner - outer - _TILT_PER_DEG * pitch
    gaze_yaw, gaze_pitch = (np.where(closed, np.nan, angle) for angle in _gaze(q, unit))
    return {
        "brow_lowerer": (_BROW_REST - brow) / _BROW_RANGE,
        "inner_brow_raiser": (tilt - _TILT_REST) / _TILT_RANGE,
        "lip_corner_puller": np.minimum(pulled, (back - _BACK_REST) / _BACK_RANGE),
        "lip_pressor": np.where(gap < _CLOSED_GAP, (_LIPS_REST - red) / _LIPS_RANGE, np.nan),
        "jaw_drop": gap / _GAP_RANGE,
        "eye_aperture": aperture,
        "blink": closed.astype(np.float64),
        "gaze_yaw_deg": yaw + gaze_yaw,
        "gaze_pitch_deg": pitch + gaze_pitch,
        "head_yaw_deg": yaw,
        "head_pitch_deg": pitch,
        "head_roll_deg": roll,
    }


def head_motion(faces: Face, times_s: FloatArray) -> FloatArray:
    """Return how fast the middle of a face moves in the picture, eye distances a second.

    Parameters
    ----------
    faces : Face
        One person's, along a leading axis of n.
    times_s : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
        NaN for the first, and over gaps of more than 0.5 s.
    """
    out = np.full(len(times_s), np.nan)
    step_s = np.diff(times_s)
    moved = np.linalg.norm(np.diff(faces.points[:, :468, :2].mean(axis=1), axis=0), axis=1)
    near = (step_s > 0) & (step_s <= _GAP_S)
    unit = _apart(faces.points, LEFT_CORNER, RIGHT_CORNER)[1:]
    out[1:][near] = (moved / unit)[near] / step_s[near]
    return out


def quality(face: Face) -> FloatArray:
    """Return how far the cues of faces can be trusted, 0 to 1: presence, size and yaw (prior)."""
    box = face.box
    size = np.clip((box[..., 3] - box[..., 1] - _SMALL_PX) / (_GOOD_PX - _SMALL_PX), 0.0, 1.0)
    yaw = np.abs(angles_deg(face.rotation)[0])
    turned = np.clip((_YAW_LOST_DEG - yaw) / (_YAW_LOST_DEG - _YAW_GOOD_DEG), 0.0, 1.0)
    return np.asarray(face.presence * size * turned)


def _apart(q: FloatArray, one: int, other: int) -> FloatArray:
    return np.asarray(np.linalg.norm(q[..., one, :] - q[..., other, :], axis=-1))


def _level(q: FloatArray, ids: tuple[int, ...]) -> FloatArray:
    return np.asarray(q[..., ids, 1].mean(axis=-1))


def _aperture(q: FloatArray) -> FloatArray:
    """Height of the eyes against their width, mean of both."""
    flat = q[..., :2]
    both = []
    for lids, corners in zip(_LIDS, ((33, 133), (263, 362)), strict=True):
        high = sum(_apart(flat, upper, lower) for upper, lower in lids) / len(lids)
        both.append(high / _apart(flat, *corners))
    return np.asarray((both[0] + both[1]) / 2)


def _gaze(q: FloatArray, unit: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Yaw and pitch of the eyes in the head, degrees, from the iris between the eye's corners."""
    right = q[..., 468, :2] - (q[..., 33, :2] + q[..., 133, :2]) / 2
    left = q[..., 473, :2] - (q[..., 263, :2] + q[..., 362, :2]) / 2
    sine = (right + left) / 2 / unit[..., None] / _EYE_RADIUS
    sine = np.where(np.abs(sine).max(axis=-1, keepdims=True) > _FAR_GAZE, np.nan, sine)
    yaw, pitch = np.moveaxis(np.degrees(np.arcsin(sine)), -1, 0)
    return yaw, pitch
