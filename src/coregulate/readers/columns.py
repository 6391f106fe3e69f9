"""What a column is, by its name: kind, unit, and whose."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from coregulate.core import FloatArray

_BRACKETS = re.compile(r"[\[(]([^\])]*)[\])]")
_RANGE = re.compile(r"\s*([-\u2212]?\d+(?:\.\d+)?)\s*(?:-|\u2013|\.\.|to|bis)\s*\+?(\d+(?:\.\d+)?)\s*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")

# Words of a name, longest first; the order decides where two fit.
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "heart_rate",
        (
            "heart rate",
            "heartrate",
            "pulse rate",
            "beats per minute",
            "hr",
            "bpm",
            "hrate",
            "herzfrequenz",
            "puls",
        ),
    ),
    (
        "rr",
        (
            "rr interval",
            "pp interval",
            "nn interval",
            "rr intervals",
            "rrdata",
            "rr",
            "rri",
            "ibi",
            "ppi",
            "nni",
            "nn",
        ),
    ),
    (
        "rating",
        (
            "felt safe",
            "feltsafe",
            "felt safety",
            "safety",
            "dial",
            "rating",
            "ratings",
            "affect",
            "valence",
            "joystick",
        ),
    ),
    ("motion_energy", ("motion energy", "movement energy", "mea")),
    (
        "eda",
        (
            "skin conductance",
            "galvanic skin response",
            "electrodermal activity",
            "electrodermal",
            "eda",
            "gsr",
            "scl",
            "hautleitwert",
            "hautleitfähigkeit",
        ),
    ),
    ("ppg", ("blood volume pulse", "ppg", "bvp", "pleth", "cardiac")),
    ("ecg", ("ecg", "ekg")),
    ("respiration", ("respiration", "respiratory", "breathing", "breath", "resp", "rsp", "atmung")),
    ("temperature", ("skin temperature", "temperature", "temp")),
    ("acceleration", ("acceleration", "accelerometer", "accel", "acc")),
    # Words of sleep laboratories for belts and flow; after the rest, because a chest can carry any sensor.
    ("respiration", ("airflow", "thorax", "thor", "abdomen", "abdo", "nasal pressure", "rip")),
)
#: Numbers that name a row, a person or a place, and measure nothing.
# fmt: off
_IDENTIFIERS = frozenset([
    "id", "ids", "code", "codes", "subject", "participant", "dyad", "couple", "pair", "person",
    "partner", "member", "session", "trial", "index", "nseq", "seq", "sequence", "row", "sample",
    "samples", "frame", "frames", "group", "order", "number", "no", "sex", "gender", "age", "female",
    "male", "condition"
])
# fmt: on
# fmt: off
_TIME_WORDS = frozenset([
    "time", "times", "timestamp", "timestamps", "datetime", "seconds", "second", "secs", "sec", "unix",
    "unixtime", "epoch", "utc", "elapsed", "t", "clock", "onset", "ms", "zeit", "uhrzeit", "zeitstempel",
    "hora", "heure", "horodatage", "tiempo", "tijd"
])
# fmt: on
_DATE_WORDS = frozenset(["date", "datum", "day", "tag", "fecha", "data"])
#: Seconds in each unit that a column of times may name.
_TIME_UNITS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "sekunden": 1.0, "ms": 1e-3, "millis": 1e-3,
    "msec": 1e-3, "milliseconds": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "minuten": 60.0, "s/256": 1 / 256, "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "stunden": 3600.0,
}  # fmt: skip
#: The days of Unix time 0 as Excel and MATLAB count days.
EXCEL_DAY, MATLAB_DAY = 25569.0, 719529.0
_DAY_COUNTS = ((2e4, 8e4, EXCEL_DAY), (7.1e5, 7.7e5, MATLAB_DAY))  # from, to: 1954 to 2119; 1943 to 2108
_UNIX_UNITS = ((3e17, 1e-9), (3e14, 1e-6), (3e11, 1e-3), (3e8, 1.0))
_UNITS = {
    "mv": "mv",
    "uv": "uv",
    "µv": "uv",
    "μv": "uv",
    "us": "us",
    "µs": "us",
    "μs": "us",
    "microsiemens": "us",
    "ns": "ns",
    "ms": "ms",
    "s": "s",
    "sec": "s",
    "seconds": "s",
    "g": "g",
    "bpm": "1/min",
    "1/min": "1/min",
    "c": "degc",
    "°c": "degc",
    "degc": "degc",
    "kohm": "kohm",
    "v": "v",
    "volt": "v",
    "volts": "v",
    "millivolt": "mv",
    "millivolts": "mv",
    "microvolt": "uv",
    "microvolts": "uv",
    "usiemens": "us",
    "microsiemen": "us",
    "umho": "us",
    "µmho": "us",
    "micromho": "us",
    "siemens": "siemens",
    "mg": "mg",
    "m/s^2": "m/s^2",
    "m/s2": "m/s^2",
    "m/s²": "m/s^2",
    "beats per minute": "1/min",
    "count/min": "1/min",
    "beats/min": "1/min",
    "degf": "degf",
    "°f": "degf",
    "celsius": "degc",
    "deg c": "degc",
    "k": "k",
    "kelvin": "k",
    "ohm": "ohm",
    "ohms": "ohm",
    "counts": "counts",
    "%": "%",
    "msec": "ms",
    "milliseconds": "ms",
}
_CONDUCTANCE = {"us": 1.0, "ns": 1e-3, "ms": 1e3, "s": 1e6, "siemens": 1e6}  # microsiemens in each
#: Words of what was computed from a signal, and is not the signal.
_DERIVED = frozenset(
    ["variability", "hrv", "rmssd", "sdnn", "rsa", "error", "quality", "differentiated", "derivative", "integrated",
     "fft", "spectrum"]
)  # fmt: skip
_MODEL = re.compile(r"(?:[A-Z]{3,5}\d{2,3}[A-Z]?|PPGED|RSPEC|ECGBT|EDABT)$")  # amplifiers: GSR100C, ERS100C
_NUMBERED = re.compile(r"\d+[a-z]?$")
# Words of a name that say how it was measured, not whose it is.
# fmt: off
_FILLERS = frozenset([
    "raw", "filtered", "filt", "clean", "cleaned", "signal", "data", "value", "values", "level",
    "tonic", "phasic", "lead", "sensor", "channel", "ch", "skin", "x", "y", "z", "i", "ii", "iii",
    "mlii", "v1", "v2", "v3", "v4", "v5", "v6", "wrist", "finger", "chest", "belt", "mean", "average",
    "interval", "intervals", "of", "the", "in", "per", "min", "mv", "uv", "us", "ms", "sec", "s", "bpm",
    "hz", "g", "c", "hand", "palm", "foot", "arm", "ankle", "band", "strap", "effort", "nasal", "oronasal",
    "oro", "respiratory", "phone", "timestamp", "avg", "peak", "live", "averaged", "celsius", "fahrenheit"
])
# fmt: on


def words_of(name: str) -> list[str]:
    """Split a column's name into words, brackets dropped: ``'A_ECG [mV]'`` gives ``['A', 'ECG']``."""
    parts = [w for w in re.split(r"[\W_]+", _BRACKETS.sub(" ", name)) if w]
    # "uV" is a unit, not two words.
    return [
        w for part in parts for w in ([part] if part.casefold() in _UNITS else _CAMEL.sub(" ", part).split())
    ]


def kind_of(name: str) -> str:
    """Return the kind of stream that a column's name says, or ``other``.

    Examples
    --------
    >>> kind_of("A_ECG"), kind_of("Skin Conductance (uS)"), kind_of("temp_index"), kind_of("Questionnaire 7")
    ('ecg', 'eda', 'temperature', 'other')
    """
    return _match(name)[0]


def owner_of(name: str) -> str:
    """Return what a column's name says about whose it is, besides its kind and unit, or ``""``.

    Examples
    --------
    >>> owner_of("A_ECG"), owner_of("ecg_alex"), owner_of("ECG"), owner_of("felt_safe_Kim (0-10)")
    ('A', 'alex', '', 'Kim')
    """
    kind, used = _match(name)
    if kind == "other":
        return ""
    rest = [w for k, w in enumerate(words_of(name)) if k not in used]
    rest = [w for w in rest if w.casefold() not in _FILLERS and not w.isdigit() and not _MODEL.match(w)]
    return " ".join(rest)


def _match(name: str) -> tuple[str, set[int]]:
    words = [w.casefold() for w in words_of(name)]
    # "breathing rate" is no breathing signal, "heart rate variability" no heart rate.
    if _DERIVED & set(words):
        return "other", set()
    found = _known(words)
    if found[0] == "other":  # ECG1, GSR100C: a channel's number, or the amplifier's model
        found = _known([_NUMBERED.sub("", w) for w in words])
    return found


def _known(words: Sequence[str]) -> tuple[str, set[int]]:
    for kind, terms in _KINDS:
        for term in terms:
            parts = term.split()
            for k in range(len(words) - len(parts) + 1):
                if words[k : k + len(parts)] == parts:
                    if kind == "respiration" and "rate" in words:
                        return "other", set()
                    return kind, set(range(k, k + len(parts)))
    return "other", set()


def range_of(name: str) -> tuple[float, float] | None:
    """Return the range that a column's name states in brackets: ``felt safe (0-10)``.

    Examples
    --------
    >>> range_of("felt safe (0-10)"), range_of("valence [-1..1]"), range_of("dial (cm)")
    ((0.0, 10.0), (-1.0, 1.0), None)
    """
    for inside in _BRACKETS.findall(name):
        if match := _RANGE.fullmatch(inside):
            low, high = float(match[1].replace("\u2212", "-")), float(match[2])
            return (low, high) if low < high else None
    return None


def unit_of(name: str) -> str:
    """Return the unit that a column's name states in brackets or as its last word, or ``""``."""
    for inside in reversed(_BRACKETS.findall(name)):
        if inside.strip().casefold() in _UNITS:
            return _UNITS[inside.strip().casefold()]
    last = re.split(r"[\s_]+", _BRACKETS.sub(" ", name).strip())[-1].casefold()
    return _UNITS.get(last, "") if last != name.strip().casefold() and len(last) > 1 else ""


def is_identifier(name: str) -> bool:
    """Whether a column's name says that its numbers name something rather than measure it."""
    words = [w.casefold() for w in words_of(name)]
    return (
        bool(words) and kind_of(name) == "other" and (words[-1] in _IDENTIFIERS or words[0] in _IDENTIFIERS)
    )


def is_time_name(name: str) -> bool:
    """Whether a column's name says time: ``timestamp``, ``Time (s)``, ``t``."""
    words = [w.casefold() for w in words_of(name)]
    if not words or len(words) > 4:
        return False
    if words[0] == "t":
        return len(words) == 1 or words[1] in ("s", "ms", "sec", "seconds")
    if len(words) == 1 and _TIME_UNITS.get(words[0], 0.0) >= 60.0:
        return len(words[0]) > 1
    if words[0] in ("hh", "mm") and "ss" in words:  # the form of its times
        return True
    return words[0] in _TIME_WORDS or words[-1] in ("time", "timestamp", "datetime", "seconds")


def is_date_name(name: str) -> bool:
    """Whether a column's name says date: ``Date``, ``Datum``."""
    words = [w.casefold() for w in words_of(name)]
    return bool(words) and (words[0] in _DATE_WORDS or words[-1] in _DATE_WORDS)


def seconds_of(name: str, raw: FloatArray) -> tuple[FloatArray, bool] | None:
    """Return times as seconds and whether they are Unix times, where their size or their name tells the unit."""
    present = raw[np.isfinite(raw)]
    middle = float(np.median(present)) if len(present) else 0.0
    for least, scale in _UNIX_UNITS:
        if middle >= least:
            return raw * scale, True
    for low, high, zero in _DAY_COUNTS:
        if low < middle < high and _counts_days(present):
            return (raw - zero) * 86400.0, True
    stated = [w.strip().casefold() for w in (*_BRACKETS.findall(name), *words_of(name))]
    scale_s = next((_TIME_UNITS[w] for w in stated if w in _TIME_UNITS), None)
    return None if scale_s is None else (raw * scale_s, False)


def _counts_days(present: FloatArray) -> bool:
    """Whether times within two days lie closer than 17 s: no seconds of a recording do both."""
    steps = np.diff(present)
    forward = steps[steps > 0]
    return len(forward) > 0 and bool(np.ptp(present) < 2.0 and np.median(forward) < 2e-4)


def looks_like_rr(values: FloatArray) -> bool:
    """Whether numbers can be intervals between beats: 95 % within 300 to 2000 ms (or 0.3 to 2 s)."""
    present = values[np.isfinite(values)]
    if len(present) < 2:
        return False
    for low, high in ((300.0, 2000.0), (0.3, 2.0)):
        if np.mean((present >= low) & (present <= high)) >= 0.95:
            return True
    return False


def unit_named(text: str) -> str:
    """Return the unit that a device's word means (``"µS"`` is ``us``); an unknown word as it is, in small letters.

    Examples
    --------
    >>> unit_named("Volts"), unit_named("microsiemens"), unit_named("BPM"), unit_named("L/min")
    ('v', 'us', '1/min', 'l/min')
    """
    word = text.strip().strip("[]()").casefold()
    return _UNITS.get(word, word)


def in_unit(values: FloatArray, kind: str, stated: str) -> tuple[FloatArray, str, str]:
    """Return values in the unit that rooms above expect, that unit, and what had to be assumed.

    Skin conductance becomes microsiemens, intervals milliseconds, temperature
    degrees Celsius; a voltage stays what it was, also one that should be a conductance.
    """
    if kind == "eda":
        return _conductance(values, stated)
    if kind == "rr":
        seconds = stated == "s" or (not stated and bool(np.nanmedian(values) < 10))
        return (values * 1000.0 if seconds else values), "ms", ""
    if kind == "temperature" and stated in ("degf", "k"):
        return ((values - 32.0) / 1.8 if stated == "degf" else values - 273.15), "degc", ""
    defaults = {"heart_rate": "1/min", "temperature": "degc"}
    return values, stated or defaults.get(kind, ""), ""


def _conductance(values: FloatArray, stated: str) -> tuple[FloatArray, str, str]:
    if stated in _CONDUCTANCE:
        scale = _CONDUCTANCE[stated]
        return (values if scale == 1.0 else values * scale), "us", ""
    if stated in ("kohm", "ohm"):
        with np.errstate(divide="ignore"):
            flipped = (1e3 if stated == "kohm" else 1e6) / values
        return np.where(np.isfinite(flipped), flipped, np.nan), "us", ""
    if not stated:
        return values, "us", "No unit is given for the skin conductance: microsiemens are assumed."
    return values, stated, ""


def is_conductance(unit: str) -> bool:
    """Whether skin conductance that :func:`in_unit` returned can be used: it is in microsiemens."""
    return unit == "us"


def axes(names: Sequence[str]) -> dict[str, list[str]]:
    """Group columns that differ only in their axis: ``{'A acc': ['A_acc_x', 'A_acc_y', 'A_acc_z']}``."""
    grouped: dict[str, list[str]] = {}
    for name in names:
        words = words_of(name)
        last = words[-1].casefold() if words else ""
        if last in ("x", "y", "z"):
            key = " ".join(words[:-1])
        elif last[:-1] in ("acc", "accel") and last[-1] in "xyz":
            key = " ".join([*words[:-1], last[:-1]])
        else:
            key = name
        grouped.setdefault(key, []).append(name)
    return grouped
