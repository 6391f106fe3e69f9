"""Is a hand on the other person's body? Whose hand it is, what it lies on, and how sure a picture can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from coregulate.core import FloatArray

from .hands import Hand
from .pose import ELBOWS, HIPS, KNEES, PRESENT, SHOULDERS, WRISTS, Body

MOST = 0.8  # prior: a picture cannot tell a hand on somebody from one held before them
WIDE = 0.75  # prior: a face is so wide against its height; one that is turned away looks narrower
VISIBLE = 0.5  # prior
# Radii in head widths (prior).
_HEAD, _ARM, _TRUNK, _THIGH, _HAND = 0.6, 0.3, 0.35, 0.45, 0.25
_STRIPS = 5  # of the trunk, from one side to the other
_OWNER = 0.3  # prior: head widths that a wrist's place is unsure by
_REACH = 1.5  # prior: a hand farther than this from somebody's wrist, in head widths, is hardly theirs
_HIDDEN = 1.0  # prior: what a wrist that is not seen is worth in head widths
_TO_ELBOW = WRISTS[0] - ELBOWS[0]
# measured: on 36 made touches 0, .6, 1 and 1.5 tell 14, 17, 17 and 20, on 38 pictures of none nothing
_BENT = 1.5  # what a hand that points back along a forearm is worth in head widths; a right angle half of it
_KNUCKLE = 9  # of the middle finger

Capsule = tuple[FloatArray, FloatArray, float]


class Person(NamedTuple):
    """What a picture shows of one person: the face's box (left, top, right, bottom) and the body, pixels."""

    face: FloatArray
    body: Body


def head_width(face: FloatArray) -> FloatArray:
    """Width of a head in pixels from the box of its face, shape (..., 4); a turned one is as wide as before.

    Examples
    --------
    >>> float(head_width(np.array([0.0, 0.0, 60.0, 100.0])))
    75.0
    """
    size = face[..., 2:] - face[..., :2]
    return np.asarray(np.maximum(size[..., 0], WIDE * size[..., 1]))


def head_distance(one: FloatArray, other: FloatArray) -> FloatArray:
    """Distance between the middles of two faces in the mean of their widths.

    Parameters
    ----------
    one, other : ndarray, shape (n, 4)
        Boxes in pixels; NaN where not seen.

    Returns
    -------
    ndarray, shape (n,)
        Head widths; as seen in the picture: one behind the other is near.

    Examples
    --------
    >>> a, b = np.array([[0.0, 0, 75, 100]]), np.array([[150.0, 0, 225, 100]])
    >>> head_distance(a, b).tolist()
    [2.0]
    """
    middles = ((box[:, :2] + box[:, 2:]) / 2 for box in (one, other))
    first, second = middles
    width = (head_width(one) + head_width(other)) / 2
    return np.asarray(np.hypot(*(first - second).T) / width)


def touch_probability(hands: Sequence[Hand], people: tuple[Person, Person]) -> float:
    """Probability that a hand of one of two lies on the other, of one picture.

    Parameters
    ----------
    hands : sequence of Hand
    people : two Person

    Returns
    -------
    float
        0 to ``MOST``; NaN where no hand or not both bodies are seen.

    Notes
    -----
    The product, for the clearest hand, of: how sure it is whose it is, its presence, the share of
    its 21 points on the other's head, trunk, arms, thighs or hands, and the share that is not on its own
    head, trunk or thighs. All sizes are (prior); it is no calibrated probability.
    """
    if not hands or any(p.body.presence < PRESENT for p in people):
        return float("nan")
    owner, sure = owners(hands, people)
    most = 0.0
    for k, hand in enumerate(hands):
        mine, theirs = people[owner[k]], people[1 - owner[k]]
        others = [h.points for j, h in enumerate(hands) if owner[j] != owner[k]]
        there = [*_core(theirs), *_limbs(theirs), *_palms(others, head_width(theirs.face))]
        on = _covered(hand.points, there) * (1.0 - _covered(hand.points, _core(mine)))
        most = max(most, sure[k] * hand.presence * on)
    return MOST * most


def owners(hands: Sequence[Hand], people: tuple[Person, Person]) -> tuple[list[int], list[float]]:
    """Tell whose each hand is, 0 or 1, and how sure that is, 0 to 1.

    Each of the four wrists is one hand's at most, so that a third hand on somebody is the other's.
    A hand points on from its forearm, rather than back.
    """
    cost = np.array([[_apart(hand, person, w) for person in people for w in WRISTS] for hand in hands])
    rows, columns = linear_sum_assignment(cost)
    free = [k for k in range(4) if k not in columns]
    owner, sure = [], []
    for row, column in zip(rows, columns, strict=True):
        who = int(column) // 2
        own = float(cost[row, column])
        other = min((float(cost[row, k]) for k in free if k // 2 != who), default=np.inf)
        owner.append(who)
        sure.append(_logistic((other - own) / _OWNER) * _logistic((_REACH - own) / _OWNER))
    return owner, sure


def _apart(hand: Hand, person: Person, wrist: int) -> float:
    points, seen, _ = person.body
    away = np.hypot(*(hand.points[0] - points[wrist])) / head_width(person.face)
    forearm, ahead = points[wrist] - points[wrist - _TO_ELBOW], hand.points[_KNUCKLE] - hand.points[0]
    along = forearm @ ahead / max(float(np.hypot(*forearm) * np.hypot(*ahead)), 1e-9)
    return float(away + _HIDDEN * (1.0 - seen[wrist]) + _BENT * (1.0 - along) / 2)


def _logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(x, -50, 50))))


def _core(person: Person) -> list[Capsule]:
    """Head, trunk and thighs: a hand on these of its own is on its own body."""
    face, (points, seen, _) = person.face, person.body
    wide = float(head_width(face))
    middle = float(face[0] + face[2]) / 2
    parts = [(np.array([middle, face[1]]), np.array([middle, face[3]]), _HEAD * wide)]
    left, right = (points[[shoulder, hip]] for shoulder, hip in zip(SHOULDERS, HIPS, strict=True))
    if min(seen[list(SHOULDERS)]) >= VISIBLE:
        radius = max(_TRUNK * wide, float(np.hypot(*(left[0] - right[0]))) / (2 * _STRIPS))
        for share in np.linspace(0, 1, _STRIPS):
            top, low = left + share * (right - left)
            parts.append((top, low, radius))
    parts += _seen_bones(person, zip(HIPS, KNEES, strict=True), _THIGH)
    return parts


def _limbs(person: Person) -> list[Capsule]:
    bones = [*zip(SHOULDERS, ELBOWS, strict=True), *zip(ELBOWS, WRISTS, strict=True)]
    return _seen_bones(person, bones, _ARM)


def _seen_bones(person: Person, bones: Iterable[tuple[int, int]], radius: float) -> list[Capsule]:
    points, seen, _ = person.body
    wide = float(head_width(person.face))
    return [(points[a], points[b], radius * wide) for a, b in bones if min(seen[a], seen[b]) >= VISIBLE]


def _palms(hands: Sequence[FloatArray], wide: FloatArray) -> list[Capsule]:
    return [(points[0], points[_KNUCKLE], _HAND * float(wide)) for points in hands]


def _covered(points: FloatArray, parts: Sequence[Capsule]) -> float:
    """Share of points, shape (n, 2), that lie in any of the parts."""
    inside = np.zeros(len(points), dtype=bool)
    for start, end, radius in parts:
        along = end - start
        at = np.clip((points - start) @ along / max(float(along @ along), 1e-9), 0.0, 1.0)
        inside |= np.hypot(*(points - start - at[:, None] * along).T) <= radius
    return float(inside.mean())
