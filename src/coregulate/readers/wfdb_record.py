"""WFDB records (PhysioNet): a header, its signal files, and beat annotation; local files only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Signal, Stream

from .reader import Reader
from .text import head_of, read_lines

_RECORD = re.compile(r"\s*([\w-]+)(/\d+)?\s+(\d+)(\s+\S+)*\s*$")
_SIDE_FILES = (".dat", ".atr", ".qrs")
_LEADS = re.compile(r"(ML)?(I|II|III|V\d?|AVR|AVL|AVF|ECG\d*|EKG)$", re.IGNORECASE)
# Annotation symbols that mark a beat (WFDB's table of annotation codes).
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
_PREFERRED = ("MLII", "II", "ECG", "I", "V5")  # prior: leads with a tall R wave first


def sniff(path: Path) -> bool:
    """Whether a file is a WFDB header, or a file beside one of the same name."""
    if path.suffix.casefold() in _SIDE_FILES:
        path = path.with_suffix(".hea")
    if path.suffix.casefold() != ".hea":
        return False
    return any(
        _RECORD.match(line[:400])
        for line in head_of(path).lines[:20]
        if line.strip() and not line.startswith("#")
    )


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read all signals, and the beats of the ``.atr`` (human) or else ``.qrs`` (detector) annotation.

    Raises
    ------
    FormatError
        For a damaged header, missing or short signal files, or several segments.
    """
    header = path.with_suffix(".hea")
    names, leads = _checked(header)
    import wfdb

    try:
        record = wfdb.rdrecord(str(header.resolve().with_suffix("")), physical=True)
    except Exception as error:  # wfdb raises whatever a damaged file leads it to
        raise FormatError(
            f"The record cannot be read ({_short(error)})", f"Check that {', '.join(names)} are whole", header
        ) from None
    values, rate_hz = record.p_signal, float(record.fs or 0)
    if values is None or len(values) == 0 or not np.isfinite(rate_hz) or rate_hz <= 0:
        raise FormatError("The record has no samples or no rate", "Check its header", header)
    order = _order(leads)
    streams = [
        _signal(header, np.asarray(values[:, k]), rate_hz, record, k, first=k == order[0]) for k in order
    ]
    beats = _beats(header, rate_hz)
    return [*streams, beats] if beats is not None else streams


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"


def _checked(header: Path) -> tuple[list[str], list[str]]:
    """Return signal files and leads; refuse names that leave the folder: nothing else is ever opened."""
    if not header.is_file():
        raise FormatError("Its header (.hea) is missing", "Keep the header beside the signal file", header)
    lines = [line for line in read_lines(header) if line.strip() and not line.startswith("#")]
    match = _RECORD.match(lines[0]) if lines else None
    if match is None:
        raise FormatError(
            "Its first line names no record", "Each header begins: name, number of signals, rate", header
        )
    if match[2]:
        raise FormatError("Records of several segments are not read", "Convert it to one segment", header)
    n_signals = int(match[3])
    rows = [line.split() for line in lines[1 : n_signals + 1]]
    if not 1 <= n_signals <= 64 or len(rows) < n_signals or any(len(r) < 2 for r in rows):
        raise FormatError(
            f"Its header declares {n_signals} signals and describes {len(rows)}",
            "Copy the header again",
            header,
        )
    names = list(dict.fromkeys(r[0] for r in rows))
    for name in names:
        if not re.fullmatch(r"[\w.-]{1,100}", name) or name.startswith("."):
            raise FormatError(
                f"Its header names a file outside its folder ('{name[:60]}')",
                "Keep signal files beside the header",
                header,
            )
        if not header.with_name(name).is_file():
            raise FormatError(
                f"The signal file '{name}' is missing", "Keep signal files beside the header", header
            )
    if "://" in str(header.resolve()) or "::" in str(header.resolve()):
        raise FormatError(
            "Its path looks like an address", "Move it to a folder without '::' in its name", header
        )
    _check_size(lines[0].split(), rows, header, names)
    return names, [" ".join(r[8:]) for r in rows]


def _check_size(record: list[str], rows: list[list[str]], header: Path, names: list[str]) -> None:
    """Refuse a header that declares far more samples than its files can hold."""
    try:
        declared = int(record[3]) * int(record[1]) if len(record) > 3 else 0
    except ValueError:
        raise FormatError(
            "Its first line cannot be read",
            "Each header begins: name, number of signals, rate, samples",
            header,
        ) from None
    packed = any(not re.match(r"(8|16|24|32|61|80|160|212|310|311)(\D|$)", r[1]) for r in rows)
    held = sum(header.with_name(n).stat().st_size for n in names)
    if declared > held * (200 if packed else 1):  # 8 bits a sample at least; FLAC packs more
        raise FormatError(
            f"Its header declares {declared} samples, its files hold {held} bytes: they are cut short",
            "Copy them again",
            header,
        )


def _order(leads: list[str]) -> list[int]:
    ranked = sorted(
        range(len(leads)),
        key=lambda k: _PREFERRED.index(leads[k].upper()) if leads[k].upper() in _PREFERRED else 9,
    )
    return ranked


def _kind(lead: str, first: bool) -> str:
    if _LEADS.match(lead):
        return "ecg" if first else "other"
    from .columns import kind_of

    return kind_of(lead)


def _signal(header: Path, values: FloatArray, rate_hz: float, record: Any, k: int, *, first: bool) -> Stream:
    lead = str((record.sig_name or [""] * (k + 1))[k] or f"signal {k + 1}")
    unit = str((record.units or [""] * (k + 1))[k] or "").casefold()
    notices = []
    values = np.where(np.isfinite(values), values, np.nan)
    missing = int(np.isnan(values).sum())
    if missing:
        notices.append(
            Notice("missing", f"{header.name}: {lead}", f"{missing} of {len(values)} samples are missing.")
        )
    if not np.isnan(values).all() and float(np.nanmax(values)) == float(np.nanmin(values)):
        notices.append(Notice("constant", f"{header.name}: {lead}", "Every value is the same."))
    if _LEADS.match(lead) and not first:
        notices.append(
            Notice("second_lead", f"{header.name}: {lead}", "Another lead of the same heart: kept, not used.")
        )
    return Stream(
        _kind(lead, first),
        Signal(values, rate_hz, 0.0, unit, lead),
        str(header),
        lead,
        None,
        "",
        "rate",
        tuple(notices),
    )


def _beats(header: Path, rate_hz: float) -> Stream | None:
    import wfdb

    for extension, annotated in (("atr", True), ("qrs", False)):
        if not header.with_suffix(f".{extension}").is_file():
            continue
        try:
            notes = wfdb.rdann(str(header.resolve().with_suffix("")), extension)
            is_beat = np.array([s in _BEATS for s in notes.symbol], dtype=bool)
            times_s = np.asarray(notes.sample, dtype=np.float64)[is_beat] / rate_hz
        except Exception:  # a damaged annotation does not take the signals with it
            continue
        times_s = times_s[np.r_[True, np.diff(times_s) > 0]] if len(times_s) else times_s
        if len(times_s) < 2:
            continue
        nn_ms = np.r_[np.nan, np.diff(times_s) * 1000.0]
        kind = "beats" if annotated else "rr"
        path = str(header.with_suffix(f".{extension}"))
        attrs = {"annotated": annotated, "n_other_marks": int((~is_beat).sum())}
        return Stream(
            kind, Events(times_s, nn_ms, "ms", extension), path, extension, None, "", "stamps", (), attrs
        )
    return None


READER = Reader("wfdb", sniff, read)
