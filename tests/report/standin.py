"""An analysis made of random but valid pieces, so that the report is tested without the rooms below it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from coregulate.bond import Bond, Coupling, LaggedCorrelation, Word
from coregulate.circuits import Circuits, Supported
from coregulate.core import Estimate, Person, Signal
from coregulate.story import Antecedent, Episode, Moment, Phase, Story, Withdrawal

STATES = ("social", "play", "still", "fight_flight", "shutdown")
SAFE = STATES[:3]
LEVEL = ("toward safety", "away from safety")
WAYS = {"all": LEVEL, "changes": ("heart_period up", "intensity down"), "heart": ("heart_period down",)}
PAIRS = [f"{a}|{b}" for i, a in enumerate(STATES) for b in STATES[i + 1 :]]
CUES = ("heart_period", "rsa", "skin_conductance_level", "f0", "intensity", "floor_share", "brow_lowerer")
KINDS = (
    "mutual activation",
    "one activated and one withdrawn",
    "mutual withdrawal",
    "both off track",
    "one alone",
    "on the way back",
)
REASONS = (
    "too short",
    "their clocks are not tied",
    "no pair of series",
    "one-way",
    "a link, but its directions cannot be told",
    "a shared signal explains it",
    "no oscillation",
    "interval too wide",
    "one is steadied, the other not",
    "no link found, but one too weak to see cannot be ruled out",
    "something nobody foresaw",
    "",
)


def make_analysis(
    seed: int = 0,
    *,
    duration_s: int = 1500,
    names: tuple[str, str] = ("Alex", "Sam"),
    title: str = "Tuesday talk",
    known: str = "all",
    n_episodes: int | None = None,
    verdict: str | None = None,
    empty: bool = False,
) -> Any:
    """Make a whole analysis; ``known`` is ``all``, ``changes`` (no level), ``heart`` or ``nothing``."""
    rng = np.random.default_rng(seed)
    people = (Person("a", names[0]), Person("b", names[1], "partner"))
    ids = [p.id for p in people]
    supported = {pid: _supported(known, rng) for pid in ids}
    episodes = _episodes(rng, duration_s, ids, n_episodes) if known == "all" else ()
    states = _states(rng, duration_s, ids, episodes, known)
    cues = _cues(rng, duration_s, ids, empty)
    bond = _bond(rng, ids, verdict, empty)
    story = _story(rng, duration_s, ids, episodes, known)
    lambdas = {p: {c: float(rng.uniform(0.01, 0.4)) for c in CUES} for p in ids}
    evidence = xr.DataArray(
        np.zeros((2, duration_s, len(CUES), 5), np.float32),
        dims=("person", "time", "cue", "state"),
        coords={"person": ids, "cue": list(CUES), "state": list(STATES)},
    )
    circuits = Circuits(
        states,
        states,
        evidence,
        supported,
        lambdas,
        dict.fromkeys(ids, 0.8),
        {p: {} for p in ids},
        {},
        (),
        lags_s={p: dict.fromkeys(CUES, 0.0) for p in ids},
    )
    signals = {} if empty else {p: {"heart_period": _heart(rng, duration_s, episodes)} for p in ids}
    return SimpleNamespace(
        session=SimpleNamespace(name=title, duration_s=float(duration_s), people=people),
        signals={p: signals.get(p, {}) for p in ids},
        tracks={p: {} for p in ids},
        cues=cues,
        states=states,
        filtered=states,
        circuits=circuits,
        bond=bond,
        story=story,
        notices=(),
        summary=_summary(title, duration_s, people, states, supported, bond, episodes, known, empty),
    )


def _supported(known: str, rng: np.random.Generator) -> Supported:
    high = {"all": 3.0, "changes": 2.6, "heart": 1.2, "nothing": 0.2}[known]
    d_prime = {p: float(abs(rng.normal(high, 0.3))) for p in PAIRS}
    if known == "heart":
        d_prime["still|fight_flight"] = 2.1
    splits = {p: d >= 2 for p, d in d_prime.items()}
    groups: tuple[tuple[str, ...], ...] = tuple((s,) for s in STATES)
    if known == "changes":
        groups = (SAFE, ("fight_flight",), ("shutdown",))
    if known in ("heart", "nothing"):
        groups = (STATES,)
    told = known in ("all", "changes")
    return Supported(
        d_prime, splits, told, told, 0.4 if told else 0.02, 0.3 if told else 0.01,
        known == "all", False, known == "all", groups,
    )  # fmt: skip


def _episodes(
    rng: np.random.Generator, duration_s: int, ids: list[str], n: int | None
) -> tuple[Episode, ...]:
    n = int(rng.integers(0, 4)) if n is None else n
    found = []
    room = duration_s // max(n, 1)
    for number in range(n):
        start = number * room + float(rng.integers(60, max(61, room // 3)))
        length = float(rng.integers(20, max(21, room // 2)))
        last = number == n - 1
        recovered = bool(not last or rng.random() < 0.5)
        end = min(start + length, duration_s) if recovered else float(duration_s)
        turn = start + 0.6 * (end - start) if recovered or rng.random() < 0.5 else np.nan
        kind = str(rng.choice(KINDS))
        before = tuple(
            Antecedent(str(rng.choice(ids)), str(rng.choice([*CUES, "code_contempt", "own_thing"])),
                       float(rng.exponential()), int(rng.integers(0, 20)), 0)
            for _ in range(int(rng.integers(0, 4)))
        )  # fmt: skip
        phases = (Phase(start, start + 10, kind), Phase(start + 10, end, str(rng.choice(KINDS))))
        coded = (Withdrawal("a", start + 1, start + 9),) if rng.random() < 0.3 else ()
        who = {
            p: {"fight_flight": float(rng.random()), "shutdown": float(rng.random()), "below_s": 20.0 * k}
            for k, p in enumerate(ids)
        }
        repair = str(rng.choice([*ids, ""])) if np.isfinite(turn) else ""
        found.append(
            Episode(start, end, kind, phases[: int(rng.integers(1, 3))], turn, repair, recovered,
                    end - turn if recovered else np.nan, who, before, coded)
        )  # fmt: skip
    return tuple(found)


def _states(
    rng: np.random.Generator, duration_s: int, ids: list[str], episodes: tuple[Episode, ...], known: str
) -> xr.DataArray:
    t = np.arange(duration_s)
    logits = np.cumsum(rng.normal(0, 0.12, (2, duration_s, 5)), axis=1)
    logits -= np.linspace(0, 1, duration_s)[None, :, None] * logits[:, -1:, :]
    logits[:, :, :3] += 1.2
    for e in episodes:
        logits[:, (t >= e.start_s) & (t < e.end_s), 3] += 4.0
    p = np.exp(logits)
    p /= p.sum(axis=2, keepdims=True)
    p[0, duration_s // 2 : duration_s // 2 + 60] = np.nan
    if known == "nothing":
        p[:] = np.nan
    return xr.DataArray(
        p,
        dims=("person", "time", "state"),
        coords={"person": ids, "time": ("time", t.astype(float), {"units": "s"}), "state": list(STATES)},
        attrs={"units": "1"},
    )


def _cues(rng: np.random.Generator, duration_s: int, ids: list[str], empty: bool) -> xr.Dataset:
    t = np.arange(0, duration_s, 0.1)
    data = xr.Dataset(coords={"person": ids, "time": t})
    for cue in () if empty else CUES:
        slow = np.cumsum(rng.normal(0, 0.03, (2, len(t))), axis=1)
        values = (np.clip(slow, -5, 5) + rng.normal(0, 0.3, slow.shape)).astype(np.float32)
        values[0, 3000:3600] = np.nan
        attrs = {"units": "z", "physical_unit": "ms", "long_name": cue.replace("_", " ")}
        data[cue] = (("person", "time"), values, attrs)
        data[f"{cue}_quality"] = (("person", "time"), np.ones_like(values))
    return data


def _heart(rng: np.random.Generator, duration_s: int, episodes: tuple[Episode, ...]) -> Signal:
    t = np.arange(0, duration_s, 0.25)
    period = 850 + 30 * np.sin(2 * np.pi * 0.25 * t) + rng.normal(0, 5, len(t))
    for e in episodes:
        period[(t >= e.start_s) & (t < e.end_s)] -= 120
    return Signal(period, 4.0, 0.0, "ms", "heart_period")


def _bond(rng: np.random.Generator, ids: list[str], verdict: str | None, empty: bool) -> Bond:
    verdict = verdict or str(rng.choice(["co-regulating", "co-dysregulating", "independent", "undetermined"]))
    if empty:
        verdict = "undetermined"
    reason = str(rng.choice(REASONS)) if verdict == "undetermined" else ""
    nan = float("nan")

    def gain() -> Estimate:
        return Estimate(nan) if empty else Estimate(0.4, 0.1, 0.7, method="draws")

    share = (Estimate(0.1, 0.02, 0.3), Estimate(0.05, 0.01, 0.2))
    numbers = (nan,) * 3 if empty else (0.01, 0.02, 0.03)
    more = float(rng.choice([nan, 40.0]))
    word = Word(
        verdict, reason, *numbers, nan if empty else 3.2, gain(), (gain(), gain()), (0.4, 0.6), share,
        0.0 if empty else 1400.0, 0.0 if empty else 0.93, more, {"eta1": -1.0, "zeta1": -0.4},
    )  # fmt: skip
    couplings = [] if empty else [_coupling(rng, ids, k) for k in range(4)]
    primary = None if empty else {"cue": "heart_period", "people": tuple(ids), "rate": 1.0}
    return Bond(primary, word, tuple(couplings), ())


def _coupling(rng: np.random.Generator, ids: list[str], k: int) -> Coupling:
    cue = ("heart_period", "skin_conductance_level", "f0", "motion_energy")[k]
    surrogates = np.abs(rng.normal(0.05, 0.03, 1000))
    value = float(rng.normal(0.0, 0.15))
    times, lags = np.arange(15.0, 1400, 10), np.arange(-10.0, 11)
    course = LaggedCorrelation(times, lags, rng.normal(0, 0.3, (len(times), len(lags))))
    return Coupling(
        "windowed lagged cross-correlation", ids[0], cue, ids[1], cue, value,
        (value - 0.05) / 0.03, 0.03 * (k + 1), 0.05 * (k + 1), float(rng.integers(-10, 10)), surrogates,
        course, 80.0, "circular shifts, 1000", (), k > 0, ids[0],
    )  # fmt: skip


def _story(
    rng: np.random.Generator, duration_s: int, ids: list[str], episodes: tuple[Episode, ...], known: str
) -> Story:
    moments = [
        Moment(float(rng.uniform(60, duration_s - 60)), str(rng.choice(ids)),
         str(rng.choice(WAYS[known])), float(rng.uniform(0.2, 0.9)))
        for _ in range(0 if known == "nothing" else 3)
    ]  # fmt: skip
    ranked = [int(k) for k in rng.permutation(duration_s // 60)]
    best = sorted((float(p) for p in rng.uniform(0, 1, len(ranked))), reverse=True)
    minutes = tuple(zip(ranked, best, strict=True)) if known == "all" else ()
    flooding = (("a", 300.0, 360.0),) if rng.random() < 0.2 else ()
    recovery = (
        Estimate(74.0, 40.0, float("nan"), method="Kaplan-Meier") if episodes else Estimate(float("nan"))
    )
    unknown = () if known == "all" else tuple(ids)
    return Story(
        episodes, tuple(sorted(moments)), minutes, recovery, flooding, (),
        {p: float(rng.uniform(0.4, 1)) for p in ids}, unknown, (),
    )  # fmt: skip


def _summary(
    title: str,
    duration_s: int,
    people: tuple[Person, ...],
    states: xr.DataArray,
    supported: dict[str, Supported],
    bond: Bond,
    episodes: tuple[Episode, ...],
    known: str,
    empty: bool,
) -> dict[str, Any]:
    means: dict[str, dict[str, float]] = {}
    for p in people:
        values = states.sel(person=p.id)
        seen = np.isfinite(values.values).all(axis=1)
        mean = {
            "+".join(g): float(values.sel(state=list(g)).sum("state").values[seen].mean())
            if seen.any()
            else None
            for g in supported[p.id].groups
        }
        means[p.id] = {**mean, "not_known": float(1 - seen.mean())}
    streams = [
        {"person": p.id, "kind": kind, "path": f"{p.id}_{kind}.csv", "part": "", "rate_hz": rate,
         "unit": unit, "start_s": 0.2, "end_s": duration_s - 1.0, "quality": 0.93,
         "used": "heart_period" if kind == "ecg" else "speech", "clock": "unix", "timing": "rate"}
        for p in people
        for kind, rate, unit in (("ecg", 256.0, "mv"), ("audio", 16000.0, ""))
    ]  # fmt: skip
    return {
        "session": {"name": title, "duration_s": float(duration_s), "overlap_s": duration_s - 5.0,
                    "start_unix_s": 1.77e9},
        "people": [{"id": p.id, "name": p.name, "role": p.role} for p in people],
        "streams": [] if empty else streams,
        "baselines": {
            p.id: {"reference": "rest" if known == "all" else "population", "trusted": known == "all",
                   "segments": [[0.0, 60.0]] if known == "all" else []}
            for p in people
        },
        "cues": {p.id: [] if empty else list(CUES) for p in people},
        "states": means,
        "segments": [{"name": "rest", "start_s": 0.0, "end_s": 60.0, "states": means}],
        "bond": {
            "verdict": bond.word.verdict, "primary": bond.primary, "reason": bond.word.reason,
            "stability_gain": {"value": bond.word.gain.value, "low": bond.word.gain.low,
                               "high": bond.word.gain.high},
            "coupling": [
                {"measure": c.measure, "a": c.a, "a_cue": c.a_cue, "b": c.b, "b_cue": c.b_cue,
                 "value": c.value, "effect_size": c.effect_size, "p": c.p, "q": c.q, "lag_s": c.lag_s,
                 "exploratory": c.exploratory}
                for c in bond.couplings
            ],
        },
        "episodes": [
            {"start_s": e.start_s, "end_s": e.end_s, "kind": e.kind, "turn_s": e.turn_s,
             "repair_by": e.repair_by, "recovered": e.recovered}
            for e in episodes
        ],
        "not_known": [] if known == "all" else ["No rest or calm talk was marked"],
        "warnings": [{"code": "assumed_rate", "where": "a_motion.txt", "text": "25 Hz was assumed"}],
        "versions": {"coregulate": "0.1.0", "numpy": "2.4.0", "python": "3.11.9"},
        "parameters": {"seed": 0, "bond": {"window_s": 30.0, "surrogates": 1000}},
        "inputs": [{"path": "a_ecg.csv", "sha256": "0123456789abcdef" * 4, "bytes": 123456}],
        "files": {"states": "states.nc"},
    }  # fmt: skip
