"""Print what the circuits reach through recordings. Usage: python -m benchmarks.recordings FOLDER [sessions].

The whole way: states drawn from the prior's matrix, cues from the cuebook's table (3 to 8 s late,
noise remembered and correlated within a channel), bodies and voices that show them, files as
devices write them, set up and opened as any session, measured, laid on the grid, normalised by
three minutes of marked calm talk, read. Nothing draws faces: their cues come in at the measured
signals, ten a second. A session is an hour of two people; each one's cues are kept in FOLDER, so
that a broken run goes on where it was.

``slow``: states of 60 s, the settings told so. ``half``: effects half as large as the table's.
"""

from __future__ import annotations

import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from benchmarks.circuits import BOOK, WITHIN, episodes, scores
from coregulate.analysis.measure import measure_bodies
from coregulate.circuits import infer_circuits, transition_matrix
from coregulate.core import CircuitSettings, CueSettings, Segment, Settings, Signal
from coregulate.cues import Baseline, build_cues, normalise
from coregulate.session import open_session, propose_session, write_plan
from coregulate.simulate import draw_states, simulate_session
from coregulate.simulate.body import draw_courses, physical

MINUTES = 60
PEOPLE = {"alex": "Alex", "sam": "Sam"}
SENSORS = ("ecg", "respiration", "eda", "voice", "movement")
#: How many times slower than 20 s the states are, and the share of the table's effects.
KINDS = {"marked": (1.0, 1.0), "slow": (3.0, 1.0), "half": (1.0, 0.5)}
PHONE = ("voice", "turns", "face", "motion")
CHANNELS = {
    "all": ("heart", "skin", "breathing", *PHONE),
    "phone": PHONE,
    "face": ("face",),
    "voice": ("voice",),
    "voice, turns": ("voice", "turns"),
    "heart": ("heart",),
    "heart, skin": ("heart", "skin"),
}


def dwell(slower: float) -> CircuitSettings:
    return CircuitSettings(safe_bout_s=180.0 * slower, unsafe_bout_s=40.0 * slower, state_s=20.0 * slower)


def matrix(slower: float) -> np.ndarray:
    s = dwell(slower)
    return transition_matrix(safe_bout_s=s.safe_bout_s, unsafe_bout_s=s.unsafe_bout_s, state_s=s.state_s)


def session(kind: str, k: int, folder: Path) -> tuple[xr.Dataset, Segment]:
    """Simulate one hour into files and read it back: both people's normalised cues and their true states."""
    slower, effect = KINDS[kind]
    rng = np.random.default_rng([list(KINDS).index(kind), k])
    states = {name: draw_states(MINUTES * 60, rng, matrix(slower)) for name in PEOPLE.values()}
    truth = simulate_session(
        folder, seed=1000 + k, minutes=MINUTES, channels=SENSORS, states=states, within=WITHIN, effect=effect
    )
    plan = propose_session(folder, folder).plan
    agreed = tuple(dataclasses.replace(p, consent="elsewhere") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=agreed), folder)
    opened = open_session(folder)
    span = Segment(0.0, opened.duration_s)
    bodies = measure_bodies(opened, opened.streams, span, settings=Settings())
    for pid, lived in truth.states.items():
        courses = draw_courses(lived, rng, channels=("face",), within=WITHIN, effect=effect)
        for name, z in courses.items():
            seen = np.repeat(physical(name, z), 10)
            bodies.signals[pid][name] = Signal(seen, 10.0, 0.0, BOOK.cues[name].unit, name)
    raw, _ = build_cues(
        list(PEOPLE), bodies.signals, bodies.quality, bodies.tracks, {},
        duration_s=span.end_s, settings=CueSettings(), book=BOOK,
    )  # fmt: skip
    marked = [s for s in opened.segments if s.baseline]
    calm = Baseline(marked[0].baseline, (Segment(marked[0].start_s, marked[0].end_s),), True)
    cues = normalise(raw, dict.fromkeys(PEOPLE, calm), book=BOOK)
    cues["truth"] = (("person", "second"), np.stack([truth.states[p] for p in PEOPLE]))
    return cues, calm.segments[0]


def kept(kind: str, k: int, store: Path) -> xr.Dataset:
    path = store / f"{kind}-{k}.npz"
    if not path.exists():
        folder = Path(tempfile.mkdtemp(dir=store))
        cues, calm = session(kind, k, folder)
        shutil.rmtree(folder)
        arrays = {str(n): v.values for n, v in cues.data_vars.items()}
        unfinished = path.with_suffix(".part.npz")
        np.savez_compressed(unfinished, calm_end_s=calm.end_s, **arrays)
        unfinished.rename(path)
        print(f"{path.name} made", flush=True)
    with np.load(path) as file:
        data = {
            n: (("person", "second" if n == "truth" else "time"), file[n]) for n in file if n != "calm_end_s"
        }
        n = len(file["motion_energy"][0])
        return xr.Dataset(
            data,
            coords={"person": list(PEOPLE), "time": np.arange(n) / 10},
            attrs={"calm_end_s": float(file["calm_end_s"])},
        )


def read(
    cues: xr.Dataset, channels: tuple[str, ...], settings: CircuitSettings
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """True states and probabilities of each person, after the calm talk that was marked."""
    names = [n for n, cue in BOOK.cues.items() if cue.channel in channels and n in cues]
    own = cues[[*names, *(f"{n}_quality" for n in names)]]
    calm_end_s = cues.attrs["calm_end_s"]
    calm = Baseline("calm_talk", (Segment(0.0, calm_end_s),), True)
    found = infer_circuits(own, dict.fromkeys(PEOPLE, calm), book=BOOK, settings=settings)
    n = min(cues.sizes["second"], found.states.sizes["time"])
    after = slice(round(calm_end_s), n)
    return [t[after] for t in cues["truth"].values], [p[after] for p in found.states.values]


def main(store: Path, sessions: dict[str, int]) -> None:
    store.mkdir(parents=True, exist_ok=True)
    for kind, n in sessions.items():
        files = [kept(kind, k, store) for k in range(n)]
        names = CHANNELS if kind == "marked" else {"slow": ("all", "voice"), "half": ("all",)}[kind]
        for name in names:
            parts = [read(cues, CHANNELS[name], dwell(KINDS[kind][0])) for cues in files]
            truth, p = ([x for part in parts for x in part[i]] for i in (0, 1))
            y, q = np.concatenate(truth), np.concatenate(p)
            known = np.isfinite(q[:, 0])
            found = scores(y[known], q[known]) | episodes(truth, p)
            print(f"{kind:6s} {name:12s} " + "  ".join(f"{a} {b:.3f}" for a, b in found.items()), flush=True)


if __name__ == "__main__":
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    main(Path(sys.argv[1]), dict.fromkeys(KINDS, many))
