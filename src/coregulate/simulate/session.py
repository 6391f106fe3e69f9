"""A whole simulated session: the plot, two bodies, and the files that their devices would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from coregulate.core import Events, FloatArray, InputError, Signal, Track

from .body import INNER, Body, draw_body, draw_courses
from .devices import sound_file, write_column, write_markers
from .movement import FRAMES_HZ, movement_counts
from .oscillators import COUPLINGS, Pair, simulate_pair
from .phrasing import CONTROL_RATE_HZ, Controls, phrase
from .physiology import (
    HEART_RATE_HZ,
    Breaths,
    Heart,
    Skin,
    breathing_curve,
    draw_breaths,
    draw_heart,
    draw_skin,
    ecg_curve,
)
from .scenario import Plan, lived_plan, write_plan
from .states import StateArray, draw_rating
from .truth import Truth, write_truth
from .turns import draw_turns

CHANNELS = ("ecg", "respiration", "eda", "voice", "felt_safe")
_KNOWN = (*CHANNELS, "movement")
# prior: how strongly the two are tied where nobody says it
_KAPPA = {"co-regulating": 1.3, "co-dysregulating": 0.8, "one-way": 1.0, "shared": 1.0, "none": 0.0}
Progress = Callable[[float, str], None]


class _Simulated(NamedTuple):
    """All that is drawn of one person before any file is written."""

    body: Body
    states: StateArray
    courses: dict[str, FloatArray]
    breaths: Breaths
    heart: Heart
    skin: Skin
    speech: Track
    controls: Controls
    rng: Generator


class _Chance(NamedTuple):
    """One stream of chance for each thing that is drawn, so that one more of it does not change the others."""

    plot: Generator
    pair: Generator
    turns: Generator
    room: Generator
    people: Sequence[Generator]
    movement: Sequence[Generator]


def simulate_session(
    folder: Path | str,
    *,
    seed: int = 0,
    minutes: float = 24.0,
    people: tuple[str, str] = ("Alex", "Sam"),
    channels: Sequence[str] = CHANNELS,
    states: Mapping[str, StateArray] | None = None,
    within: float = 0.0,
    effect: float = 1.0,
    coupling: str = "co-regulating",
    kappa: float | None = None,
    ecg_rate_hz: float = 250,
    respiration_rate_hz: float = 25,
    eda_rate_hz: float = 4,
    voice_rate_hz: float = 16000,
    progress: Progress | None = None,
) -> Truth:
    """Simulate a talk of two people and write what their devices would write.

    Calm talk, a warm start, a stretch off track (both activated, then one
    withdraws), a repair by one of them, recovery, play and rest. States move heart,
    breathing, skin and voice by the cuebook's means times its population SD,
    3 to 8 s late, under Student-t noise with memory.

    Parameters
    ----------
    folder : path-like
        Made if it is not there; files of the same name in it are replaced.
    seed : int
        Same seed and arguments, same files.
    minutes : float
        At least 3. Shorter sessions have the same plot, faster.
    people : (str, str)
        Names; the first has the lower voice. Ids and file names come from them.
    channels : sequence of str
        Of ``ecg``, ``respiration``, ``eda``, ``voice``, ``felt_safe`` (a dial, 0 to 100)
        and ``movement`` (motion energy of a video).
    states : mapping of name to ndarray of int, optional
        What the two live through instead of the plot, one state a second, such as
        :func:`draw_states` gives; the first minutes become the calm talk all the same.
    within : float
        Correlation of the noise of two cues of one channel.
    effect : float
        Multiplier of all the table's means: what nobody told the analysis.
    coupling : str
        How the slow waves of the two hearts are tied, see :func:`simulate_pair`.
    kappa : float, optional
        Strength of the tie; default (prior): 1.3 for co-regulating, 0.8 for co-dysregulating, 1 else.
    ecg_rate_hz, respiration_rate_hz, eda_rate_hz, voice_rate_hz : float
        `voice_rate_hz` is a multiple of 1000.
    progress : callable, optional
        Called with the share done (0..1) and what is being done.

    Returns
    -------
    Truth
        Also written to ``folder/truth/``, which readers pass over.

    Raises
    ------
    InputError
        For an unknown channel or coupling, names that make the same file name, or a length under 3 minutes.

    Notes
    -----
    Files: ``<id>_ecg.csv`` (uV), ``<id>_breathing.csv``, ``<id>_skin.csv`` (us),
    ``<id>_voice.wav`` (its start is the session's start), ``<id>_felt_safe.csv`` (1 Hz),
    ``<id>_movement.csv`` (25 Hz), ``markers.csv``.
    Not simulated: speech does not disturb breathing, nobody moves, no sensor falls off.
    """
    folder = Path(folder)
    names = _checked(people, channels, coupling, minutes, voice_rate_hz)
    tell: Progress = progress or (lambda share, what: None)
    tell(0.0, "writing the plot")
    chance = _chance(seed)
    duration_s = float(round(minutes * 60))
    first, second = names
    plan = write_plan(duration_s, (first, second), chance.plot)
    if states is not None:
        plan = lived_plan(plan, {pid: states[name] for pid, name in names.items()})
    strength = _KAPPA[coupling] if kappa is None else kappa
    pair = simulate_pair(
        round(duration_s), strength, 0.3, rng=chance.pair, rate_hz=HEART_RATE_HZ, coupling=coupling, noise_sd=0.0
    )  # fmt: skip
    speech = draw_turns(plan.states, duration_s, chance.turns)
    drawn = {
        pid: _draw(
            place, plan.states[pid], _per_second(pair.values[:, place]), speech[pid], duration_s,
            eda_rate_hz=eda_rate_hz, within=within, effect=effect, rng=chance.people[place],
        )
        for place, pid in enumerate(names)
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    rates_hz = {"ecg": ecg_rate_hz, "respiration": respiration_rate_hz, "eda": eda_rate_hz}
    for place, (pid, person) in enumerate(drawn.items()):
        tell(0.1 + 0.3 * place, f"writing the sensors of {names[pid]}")
        _write_sensors(folder, pid, person, channels, duration_s, rates_hz)
    if "voice" in channels:
        _write_voices(folder, drawn, round(duration_s), voice_rate_hz, chance.room, names, tell)
    if "movement" in channels:
        for (pid, lived), rng in zip(plan.states.items(), chance.movement, strict=True):
            _write_movement(folder / f"{pid}_movement.csv", lived, rng, within, effect)
    write_markers(folder / "markers.csv", _markers(plan, duration_s))
    truth = _truth(folder, seed, duration_s, names, plan, pair, drawn)
    write_truth(truth)
    tell(1.0, "done")
    return truth


def _chance(seed: int) -> _Chance:
    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(8)]
    return _Chance(rngs[0], rngs[1], rngs[2], rngs[3], people=rngs[4:6], movement=rngs[6:])


def _checked(
    people: tuple[str, str], channels: Sequence[str], coupling: str, minutes: float, voice_rate_hz: float
) -> dict[str, str]:
    """Check the arguments; returns names by id."""
    if coupling not in COUPLINGS:
        raise InputError(f"The coupling is '{coupling}'", f"Give one of {', '.join(COUPLINGS)}")
    if unknown := [c for c in channels if c not in _KNOWN]:
        raise InputError(
            f"There is no channel '{unknown[0]}' to simulate", f"Channels are {', '.join(_KNOWN)}"
        )
    if not 3 <= minutes <= 600:
        raise InputError(f"The session would last {minutes:g} min", "Give 3 to 600 minutes")
    if voice_rate_hz < 8000 or voice_rate_hz % 1000:
        raise InputError(f"voice_rate_hz is {voice_rate_hz}", "Give a multiple of 1000, at least 8000")
    names = {"_".join("".join(c if c.isalnum() else " " for c in n.lower()).split()): n for n in people}
    if len(names) != 2 or "" in names:
        raise InputError(
            f"The people are called {' and '.join(map(repr, people))}", "Give two different names"
        )
    return names


def _per_second(values: FloatArray) -> FloatArray:
    return np.asarray(values.reshape(-1, round(HEART_RATE_HZ)).mean(axis=1))


def _draw(
    place: int,
    states: StateArray,
    oscillation: FloatArray,
    speech: Track,
    duration_s: float,
    *,
    eda_rate_hz: float,
    within: float,
    effect: float,
    rng: Generator,
) -> _Simulated:
    body = draw_body(place, rng)
    courses = draw_courses(states, rng, oscillation, channels=INNER, within=within, effect=effect)
    breaths = draw_breaths(body, courses, duration_s, rng)
    heart = draw_heart(body, courses, breaths, duration_s)
    skin = draw_skin(body, courses, round(duration_s * eda_rate_hz), rate_hz=eda_rate_hz, rng=rng)
    controls = phrase(body, courses, speech, round(duration_s), rng)
    return _Simulated(body, states, courses, breaths, heart, skin, speech, controls, rng)


def _write_sensors(
    folder: Path,
    pid: str,
    person: _Simulated,
    channels: Sequence[str],
    duration_s: float,
    rates_hz: dict[str, float],
) -> None:
    # One stream of chance for each file, so that leaving one out does not change the others
    ecg_rng, breath_rng, dial_rng = person.rng.spawn(3)

    def write(channel: str, file: str, column: str, curve: FloatArray, decimals: int) -> None:
        path = folder / f"{pid}_{file}.csv"
        write_column(path, column, curve, rate_hz=rates_hz[channel], decimals=decimals)

    if "ecg" in channels:
        n = round(duration_s * rates_hz["ecg"])
        curve = ecg_curve(person.body, person.heart, person.breaths, n, rate_hz=rates_hz["ecg"], rng=ecg_rng)
        write("ecg", "ecg", "ecg_uV", curve, 0)
    if "respiration" in channels:
        n = round(duration_s * rates_hz["respiration"])
        curve = breathing_curve(person.breaths, n, rate_hz=rates_hz["respiration"], rng=breath_rng)
        write("respiration", "breathing", "respiration", curve, 1)
    if "eda" in channels:
        write("eda", "skin", "eda_uS", person.skin.conductance_us, 4)
    if "felt_safe" in channels:
        dial = np.round(100 * draw_rating(person.states, dial_rng))
        write_column(folder / f"{pid}_felt_safe.csv", "felt_safe (0-100)", dial, rate_hz=1.0, decimals=0)


def _write_voices(
    folder: Path,
    drawn: dict[str, _Simulated],
    n_s: int,
    rate_hz: float,
    rng: Generator,
    names: dict[str, str],
    tell: Progress,
) -> None:
    from .voice import PIECE_S, room, speak  # numba takes half a second to import

    voices = [
        speak(person.body, person.controls, rate_hz=rate_hz, rng=person.rng.spawn(1)[0])
        for person in drawn.values()
    ]
    pieces = max(-(-n_s // round(PIECE_S)), 1)
    with ExitStack() as files:
        one, two = (
            files.enter_context(sound_file(folder / f"{pid}_voice.wav", rate_hz=rate_hz)) for pid in drawn
        )
        for k, (a, b) in enumerate(room((voices[0], voices[1]), rate_hz=rate_hz, rng=rng)):
            tell(0.6 + 0.4 * k / pieces, f"sounding out the voices of {' and '.join(names.values())}")
            one(a)
            two(b)


def _write_movement(path: Path, states: StateArray, rng: Generator, within: float, effect: float) -> None:
    courses = draw_courses(states, rng, channels=("motion",), within=within, effect=effect)
    counts = movement_counts(courses["motion_energy"], len(states), rng)
    write_column(path, "motion_energy", counts, rate_hz=FRAMES_HZ, decimals=0)


def _markers(plan: Plan, duration_s: float) -> list[tuple[float, str, str]]:
    return [
        (0.0, "RecordingStart", ""),
        (plan.baseline.start_s, "BaselineStart", "calm talk"),
        (plan.baseline.end_s, "BaselineStop", "calm talk"),
        (duration_s, "RecordingStop", ""),
    ]


def _truth(
    folder: Path,
    seed: int,
    duration_s: float,
    names: dict[str, str],
    plan: Plan,
    pair: Pair,
    drawn: dict[str, _Simulated],
) -> Truth:
    def signal(values: FloatArray, rate_hz: float, unit: str, name: str) -> Signal:
        return Signal(values, rate_hz, 0.0, unit, name)

    return Truth(
        folder=folder,
        seed=seed,
        duration_s=duration_s,
        names=names,
        states=plan.states,
        episodes=plan.episodes,
        baseline=plan.baseline,
        sections=plan.sections,
        pair=pair,
        courses={pid: p.courses for pid, p in drawn.items()},
        heart_period={
            pid: signal(p.heart.heart_period_ms, HEART_RATE_HZ, "ms", "heart_period")
            for pid, p in drawn.items()
        },
        beats={pid: Events(p.heart.beats_s, name="beats") for pid, p in drawn.items()},
        breaths={
            pid: Events(p.breaths.onsets_s[p.breaths.onsets_s < duration_s], name="breaths")
            for pid, p in drawn.items()
        },
        scr={pid: Events(p.skin.onsets_s, p.skin.amplitudes_us, "us", "scr") for pid, p in drawn.items()},
        speech={pid: p.speech for pid, p in drawn.items()},
        f0={pid: signal(p.controls.f0_hz, CONTROL_RATE_HZ, "hz", "f0") for pid, p in drawn.items()},
    )
