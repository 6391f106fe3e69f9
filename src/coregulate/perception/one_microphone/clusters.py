"""Telling two voices apart among embeddings, and a path through time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_STARTS = 10  # prior: k-means with two clusters seldom needs more
N_STEPS = 30  # prior
CONFIDENT_SHARE = 0.5  # prior: the surer half of each side is taken for its centre

Vectors = NDArray[np.float32]


def two_centres(embeddings: Vectors, rng: np.random.Generator) -> Vectors:
    """Centres of two voices: k-means on the sphere, then from the surer half of each side alone.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
        Each of length 1; n >= 2.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (2, d)
        Each of length 1.
    """
    runs = [_k_means(embeddings, rng) for _ in range(N_STARTS)]
    centres = max(runs, key=lambda c: float((embeddings @ c.T).max(axis=1).sum()))
    for _ in range(5):
        margin = embeddings @ (centres[0] - centres[1])
        sides = [margin > 0, margin < 0]
        if min(int(side.sum()) for side in sides) < 2:
            return centres
        bars = [np.quantile(np.abs(margin[side]), 1 - CONFIDENT_SHARE) for side in sides]
        sure = [side & (np.abs(margin) >= bar) for side, bar in zip(sides, bars, strict=True)]
        centres = _unit(np.array([embeddings[s].mean(axis=0) for s in sure]))
    return centres


def _k_means(embeddings: Vectors, rng: np.random.Generator) -> Vectors:
    first = embeddings[rng.integers(len(embeddings))]
    far = np.maximum(1.0 - embeddings.astype(np.float64) @ first, 0.0) ** 2 + 1e-12
    centres = np.array([first, embeddings[rng.choice(len(embeddings), p=far / far.sum())]])
    for _ in range(N_STEPS):
        nearest = (embeddings @ centres.T).argmax(axis=1)
        if nearest.min() == nearest.max():
            return centres
        moved = _unit(np.array([embeddings[nearest == k].mean(axis=0) for k in (0, 1)]))
        if np.allclose(moved, centres, atol=1e-6):
            return moved
        centres = moved
    return centres


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def best_path(evidence: NDArray[np.floating], *, switch_cost: float) -> NDArray[np.intp]:
    """Most likely state at each step (Viterbi), any change costing `switch_cost`.

    Parameters
    ----------
    evidence : ndarray, shape (n, n_states)
        Log likelihood of each state, nats a step.
    switch_cost : float
        Nats.

    Returns
    -------
    ndarray of int, shape (n,)
        From 0 to n_states - 1.
    """
    n, n_states = evidence.shape
    stay = np.arange(n_states)
    came = np.zeros((n, n_states), dtype=np.intp)
    best = np.zeros(n_states)
    for k in range(n):
        top = int(best.argmax())
        came[k] = np.where(best[top] - switch_cost > best, top, stay)
        best = np.maximum(best, best[top] - switch_cost) + evidence[k]
    path = np.zeros(n, dtype=np.intp)
    state = int(best.argmax())
    for k in range(n - 1, -1, -1):
        path[k] = state
        state = int(came[k, state])
    return path
