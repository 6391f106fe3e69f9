"""Every number that a user may set, with its source. Frozen; an unknown key is an error.

A setting is named ``room.key`` (``coregulate analyze --set story.off_track_below=0.4``)
and can be written in ``[settings]`` of ``session.toml``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import InputError


@dataclass(frozen=True)
class SignalSettings:
    """Signals of one body."""

    heart_max_gap_s: float = 5.0  # prior: a longer gap in the beats is not bridged
    beat_quality_floor: float = (
        0.8  # share of beats like the person's own template; measured on MIT-BIH noise stress
    )
    respiration_low_hz: float = (
        0.12  # Lewis et al. 2012, 10.1016/j.biopsycho.2011.11.009: spontaneous breathing, adults
    )
    respiration_high_hz: float = 0.40  # Lewis et al. 2012
    scr_min_us: float = 0.05  # prior; Boucsein et al. 2012 name 0.01 for computer scoring
    flooding_rate_per_min: float = 100.0  # after Gottman, clinical custom; 80 for the athletic
    flooding_rise: float = 0.10  # above the person's own baseline; clinical custom
    flooding_s: float = 30.0  # prior


@dataclass(frozen=True)
class CueSettings:
    """Cues."""

    silence_s: float = 4.0  # prior; silences over it are counted


@dataclass(frozen=True)
class CircuitSettings:
    """The state model."""

    safe_bout_s: float = 180.0  # prior
    unsafe_bout_s: float = 40.0  # prior
    state_s: float = 20.0  # prior
    student_nu: float = 5.0  # prior
    d_prime_floor: float = 2.0  # prior
    information_floor: float = 0.2  # prior
    kappa_log_sd: float = 0.5  # prior
    fixed_lag_s: float = 5.0  # prior: smoothing lag of the live filter
    shuffles: int = 99  # prior: of the partner's cues, at most
    sensitivity: int = 0  # 1: also try each prior halved and doubled, and each channel left out


@dataclass(frozen=True)
class BondSettings:
    """How two move each other."""

    window_s: float = 30.0  # Boker et al. 2002 leave it to the user; prior
    step_s: float = 1.0  # prior
    max_lag_s: float = 10.0  # prior
    surrogates: int = 1000  # prior: the smallest p is then 1 in 1001
    min_shift_s: float = 30.0  # prior: smallest circular shift
    min_common_s: float = 600.0  # prior: under 10 min in common no word is given
    min_observed: float = 0.8  # prior
    alpha: float = 0.05  # the field's custom
    share_bound: float = 0.15  # prior: largest partner's share of variance that still counts as independent


@dataclass(frozen=True)
class StorySettings:
    """Off track and back on track."""

    off_track_below: float = 0.5  # prior
    off_track_s: float = 10.0  # prior
    recovered_above: float = 0.6  # prior
    recovered_s: float = 30.0  # prior
    before_s: float = 20.0  # prior: how far back "what came before" looks
    kind_s: float = 5.0  # prior: shortest change of kind that is listed


@dataclass(frozen=True)
class Settings:
    """All settings, by room."""

    signals: SignalSettings = field(default_factory=SignalSettings)
    cues: CueSettings = field(default_factory=CueSettings)
    circuits: CircuitSettings = field(default_factory=CircuitSettings)
    bond: BondSettings = field(default_factory=BondSettings)
    story: StorySettings = field(default_factory=StorySettings)
    seed: int = 0

    def changed(self, changes: Mapping[str, Any], where: str | None = None) -> Settings:
        """Return settings with ``{"room.key": value}`` replaced; strings are read as numbers.

        Raises
        ------
        InputError
            For a key that does not exist or a value that is not a number.

        Examples
        --------
        >>> Settings().changed({"bond.window_s": "60"}).bond.window_s
        60.0
        """
        result = self
        for key, value in changes.items():
            result = _with(result, key, value, where)
        return result

    def as_dict(self) -> dict[str, Any]:
        """Nested plain dictionary."""
        return dataclasses.asdict(self)


def _with(settings: Settings, key: str, value: Any, where: str | None) -> Settings:
    if key == "seed":
        return dataclasses.replace(settings, seed=int(_number(key, value, int, where)))
    room_name, _, name = key.partition(".")
    room = getattr(settings, room_name, None)
    if not dataclasses.is_dataclass(room) or isinstance(room, type):
        raise InputError(f"There is no setting '{key}'", f"Settings are {_all_keys()}", where)
    known = {f.name: f.type for f in dataclasses.fields(room)}
    if name not in known:
        raise InputError(
            f"There is no setting '{key}'", f"In '{room_name}' there are {', '.join(sorted(known))}", where
        )
    kind = int if isinstance(getattr(room, name), int) else float
    changed = dataclasses.replace(room, **{name: _number(key, value, kind, where)})
    rooms: dict[str, Any] = {room_name: changed}
    return dataclasses.replace(settings, **rooms)


def _number(key: str, value: Any, kind: type, where: str | None) -> Any:
    try:
        number = kind(value)
    except (TypeError, ValueError):
        raise InputError(
            f"The setting '{key}' is '{value}'", f"It must be a number ({kind.__name__})", where
        ) from None
    if number != number or number < 0:
        raise InputError(f"The setting '{key}' is {value}", "It must be 0 or more", where)
    return number


def _all_keys() -> str:
    keys = [
        f"{room.name}.{inner.name}"
        for room in dataclasses.fields(Settings)
        if room.name != "seed"
        for inner in dataclasses.fields(getattr(Settings(), room.name))
    ]
    return ", ".join([*keys, "seed"])
