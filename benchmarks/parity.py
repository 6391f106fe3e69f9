"""The measures of the bond beside the formulas that others use: ``python benchmarks/parity.py [data]``.

R packages' formulas run in base R (``parity.R``) where R is installed; packages for Python where they are
(docs/bond.md names them). Both read the same arrays. Ends with 1 where a difference is larger than its bound; what is not installed is said.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import python_peers
from coregulate.bond import (
    SuiteSettings,
    actor_partner,
    inertia_coordination,
    lagged_correlation,
    local_oscillator,
    segment_synchrony,
)
from coregulate.bond.corrections import prewhiten
from coregulate.bond.prepare import detrended
from coregulate.bond.suite.conditioning import smoothed
from coregulate.bond.suite.granger import granger
from coregulate.bond.suite.recurrence import code_profiles, recurrence

Named = Iterator[tuple[str, float]]
BOUND = 1e-8  # relative; rties joins what lies on both sides of a gap, so its means differ by more
LOOSE = {"rties": 1e-4}
TIME = "CPU seconds: "


def pair() -> dict[str, np.ndarray]:
    """Make two series of which one drives the other, two with gaps, and two rows of codes."""
    rng = np.random.default_rng(20)
    a, b = np.zeros((2, 600))
    for t in range(1, 600):
        a[t] = 0.6 * a[t - 1] + rng.standard_normal()
        b[t] = 0.5 * b[t - 1] + 0.3 * a[t - 1] + rng.standard_normal()
    c, d = a.copy(), b.copy()
    c[100:108] = d[350:365] = np.nan
    p = rng.integers(0, 3, 600)
    q = np.where(rng.random(600) < 0.4, np.roll(p, 2), rng.integers(0, 3, 600))
    return {"a": a, "b": b, "c": c, "d": d, "p": p, "q": q}


def by_r(folder: Path, data: Path) -> dict[str, float]:
    """Run the formulas in R."""
    columns = pair()
    np.savetxt(
        folder / "pair.csv",
        np.column_stack(list(columns.values())),
        delimiter=",",
        header=",".join(columns),
        comments="",
        fmt="%.17g",
    )
    script = Path(__file__).with_name("parity.R")
    subprocess.run(["Rscript", str(script), str(folder), str(data)], check=True)
    with (folder / "answers.csv").open() as file:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(file)}


def simulated() -> Named:
    """Give ours for the made pair, named as in ``parity.R``."""
    a, b, c, d, p, q = pair().values()
    z = lagged_correlation(c, d, rate_hz=1.0, window_s=40, step_s=10, max_lag_s=5).z
    yield "windows with gaps", z.mean()
    z = lagged_correlation(a, b, rate_hz=1.0, window_s=30, step_s=7, max_lag_s=10).z
    yield "windows", np.abs(z).mean()
    found = segment_synchrony(a, b, rate_hz=1.0, segment_s=50, max_lag_s=10)
    for i, part in enumerate(found[2:], start=1):
        yield f"segments {i}", float(np.mean(part))
    for order in (1, 2, 3):
        back, forth = granger(a, b, order)
        yield f"granger forth {order}", forth
        yield f"granger back {order}", back
    yield "prewhitened", np.corrcoef(*(prewhiten(x, 2)[2:] for x in (a, b)))[0, 1]
    one, two = a[None, :200], b[None, :200]
    cross, joint = recurrence(one, two, radius=0.5), recurrence(np.concatenate([one, two]), radius=0.5)
    for name, found in (("cross", cross), ("joint", joint)):
        yield f"{name} recurrence rate", found.rate
        for i, part in enumerate(found[1:], start=1):
            yield f"{name} recurrence {i}", part
    profile = code_profiles(p[:200] * 1.0, q[None, :200] * 1.0, 1.0, SuiteSettings(max_lag_s=3))[0]
    for lag, share in zip(range(-3, 4), profile, strict=True):
        yield f"code recurrence {lag}", share


def motion(folder: Path) -> Named:
    """Give ours for rMEA's example recordings, and how long they take."""
    began = time.process_time()
    for file in sorted(folder.glob("20?_01.txt")):
        x = [smoothed(v, 25.0, 0.5) for v in np.loadtxt(file, skiprows=1).T]
        for name, window_s, sign in (("rMEA 30 s", 30, np.asarray), ("rMEA 60 s absolute", 60, np.abs)):
            z = lagged_correlation(*x, rate_hz=25.0, window_s=window_s, step_s=10, max_lag_s=5).z
            yield f"{name} {file.name[:3]}", np.nanmean(sign(z))
    yield f"{TIME}motion energy", time.process_time() - began


def dials(file: Path) -> Named:
    """Give ours for rties' couples, gaps joined as rties joins them."""
    import pandas as pd

    table = pd.read_csv(file).sort_values("time", kind="stable")
    fits, inertia = [], []
    for _, rows in table.groupby("couple"):
        flat = [detrended(rows.loc[rows["female"] == sex, "dial"].to_numpy(float)) for sex in (0, 1)]
        seen = np.isfinite(flat).all(axis=0)
        fits.append(local_oscillator(*(x[seen] for x in flat)))
        inertia.append(inertia_coordination(*flat))
    yield "rties r2 coupled", np.mean([f.r2_coupled for f in fits])
    yield "rties r2 uncoupled", np.mean([f.r2_uncoupled for f in fits])
    for i in (0, 1):
        yield f"rties period {i + 1}", np.mean([f.period[i] for f in fits])
    for name in ("r2_inertia", "r2_coordination", "r2_both"):
        yield f"rties {name.replace('_', ' ')}", np.mean([getattr(f, name) for f in inertia])


def coping(file: Path) -> Named:
    """Give ours for DySeq's couples."""
    import pandas as pd

    table = pd.read_csv(file)
    stress, answer = (table.filter(like=code).to_numpy(float) for code in ("IKCB", "DCCB"))
    for who, found in (
        ("he copes", actor_partner(answer, stress)),
        ("she shows stress", actor_partner(stress, answer)),
    ):
        for name in ("intercept", "actor", "partner", "interaction"):
            effect = getattr(found, name)
            yield f"DySeq {who} {name}", effect.value
            yield f"DySeq {who} {name} low", effect.low
            yield f"DySeq {who} {name} p", effect.p


def ours(data: Path) -> Named:
    yield from simulated()
    real: dict[Path, Callable[[Path], Named]] = {
        data / "therapy" / "motion_energy": motion,
        data / "couples" / "rties_dial.csv.gz": dials,
        data / "couples" / "couples_cope.csv": coping,
    }
    for path, named in real.items():
        if path.exists():
            yield from named(path)


def compare(name: str, mine: float, theirs: float, bound: float) -> bool:
    """Print one line and say whether the two agree."""
    if name.startswith(TIME):
        print(f"{name:44s} {mine:22.3f} {theirs:22.3f} {theirs / mine:7.0f}x")
        return True
    apart = abs(mine - theirs) / max(abs(theirs), 1e-6)
    print(f"{name:44s} {mine:22.14g} {theirs:22.14g} {apart:8.1e}{'' if apart <= bound else '  DIFFERS'}")
    return apart <= bound


def r_agrees(data: Path) -> bool:
    if shutil.which("Rscript") is None:
        print("R is not installed (Debian: apt-get install r-base-core): its formulas were not run")
        return True
    with tempfile.TemporaryDirectory() as folder:
        theirs = by_r(Path(folder), data)
    mine = dict(ours(data))
    if mine.keys() != theirs.keys():
        raise SystemExit(f"Only one of the two gives {sorted(mine.keys() ^ theirs.keys())}")
    print(f"{'formulas in R':44s} {'here':>22s} {'R':>22s} {'apart':>8s}")
    return all(
        [
            compare(name, value, theirs[name], LOOSE.get(name.split()[0], BOUND))
            for name, value in mine.items()
        ]
    )


def main() -> int:
    default = os.environ.get("COREGULATE_DATA", Path(__file__).parents[2] / "shared" / "data")
    agree = [r_agrees(Path(sys.argv[1] if len(sys.argv) > 1 else default))]
    print(f"\n{'packages for Python':44s} {'here':>22s} {'package':>22s} {'apart':>8s}")
    agree += [compare(*row) for row in python_peers.rows()]
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
