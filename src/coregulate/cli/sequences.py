"""Two yes-or-no columns of a table: what each person does after what both did before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.bond import ActorPartner, actor_partner
from coregulate.core import FloatArray, InputError

NAME = "actor partner"
HEADER = ["behaviour", "effect", "value", "95 %", "p"]
EFFECTS = ("intercept", "actor", "partner", "interaction")


def split(measures: Sequence[str]) -> tuple[list[str], bool]:
    """Return the measures of two series, and whether the sequences are asked for as well."""
    others = [m for m in measures if m.strip().casefold().replace("-", " ").replace("_", " ") != NAME]
    return others, len(others) < len(measures)


def both_ways(a: str, b: str, groups: Sequence[dict[str, FloatArray]], path: Path) -> dict[str, ActorPartner]:
    """Tell each column from both columns one row before, over all groups (pairs).

    Raises
    ------
    InputError
        Where a column holds more than 0 and 1, or no two rows in a row.
    """
    longest = max(len(group[a]) for group in groups)
    one, two = (
        np.stack([np.pad(g[name], (0, longest - len(g[name])), constant_values=np.nan) for g in groups])
        for name in (a, b)
    )
    for name, x in ((a, one), (b, two)):
        if not np.isin(x[np.isfinite(x)], (0.0, 1.0)).all():
            raise InputError(
                f"'{name}' holds more than 0 and 1", "For actor partner, 1 is shown and 0 is not", path
            )
    counted = [actor_partner(*pair).table.sum(axis=(1, 2, 3)) > 0 for pair in ((one, two), (two, one))]
    use = counted[0] & counted[1]
    if not use.any():
        raise InputError(f"'{a}' and '{b}' are never known in two rows in a row", "Check the columns", path)
    return {a: actor_partner(one[use], two[use]), b: actor_partner(two[use], one[use])}


def rows(found: dict[str, ActorPartner]) -> list[list[str]]:
    """Return one row of text for each effect on each behaviour."""
    return [
        [name, effect, f"{e.value:.3g}", f"{e.low:.3g} .. {e.high:.3g}", f"{e.p:.3g}"]
        for name, of in found.items()
        for effect, e in ((effect, getattr(of, effect)) for effect in EFFECTS)
    ]


def facts(found: dict[str, ActorPartner]) -> list[dict[str, Any]]:
    """Return the same as plain values, with the shares and the counted table."""
    return [
        {
            "behaviour": name,
            **{effect: asdict(getattr(of, effect)) for effect in EFFECTS},
            "rate_after": of.rate_after,
            "rate_without": of.rate_without,
            "table": of.table.astype(int).tolist(),
        }
        for name, of in found.items()
    ]
