"""Small files of each format, written fresh, so that tests need no recordings."""

from __future__ import annotations

import gzip
import io
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Maker = Callable[[Path], Path]
START = 1_700_000_000.0


def _rng() -> np.random.Generator:
    return np.random.default_rng(1)


def stamped_csv(folder: Path) -> Path:
    t = START + np.arange(200) / 50
    rows = "\n".join(
        f"{a:.3f},{b:.4f},{c:.4f}"
        for a, b, c in zip(t, _rng().normal(size=200), _rng().normal(5, 1, 200), strict=True)
    )
    path = folder / "session.csv"
    path.write_text("timestamp,A_ECG,B_EDA (uS)\n" + rows + "\n")
    return path


def semicolon_csv(folder: Path) -> Path:
    rows = "\n".join(
        f"{k * 0.5:.1f};{v:.3f}".replace(".", ",") for k, v in enumerate(_rng().uniform(0, 10, 60))
    )
    path = folder / "dial.csv"
    path.write_bytes(("time_s;dial_Kim\r\n" + rows.replace("\n", "\r\n")).encode("utf-8-sig"))
    return path


def long_gz(folder: Path) -> Path:
    rows = [f"{c},{p},{t},{_rng().uniform():.3f}" for c in (7, 8) for p in ("f", "m") for t in range(40)]
    path = folder / "long.csv.gz"
    path.write_bytes(gzip.compress(("couple,person,time,dial\n" + "\n".join(rows)).encode()))
    return path


def motion(folder: Path) -> Path:
    v = np.round(_rng().exponential(500, (300, 2))).astype(int)
    path = folder / "mea.txt"
    path.write_text("\n".join(f"{a} {b} 0 0" for a, b in v))
    return path


def rr(folder: Path) -> Path:
    path = folder / "rr.txt"
    path.write_text("\r\n".join(str(int(v)) for v in _rng().normal(850, 50, 120)))
    return path


def movesense_device(folder: Path) -> Path:
    device = folder / "234130000001"
    device.mkdir(exist_ok=True)
    v = (300 * np.sin(np.arange(1200) / 5)).astype(int)
    v[:200] = 131072 * np.sign(v[:200] + 0.5)
    t = START + 0.25 + np.arange(1200) / 200
    t[600:] += 30.0
    body = "\n".join(f"{a:.7f},{b}" for a, b in zip(t, v, strict=True))
    title = " " * 80 + "ECG" + " " * 77 + "25.01.2516.42.59200 \n"
    (device / "ECG-1.csv").write_text(title + "Timestamp,Sample\n" + body + "\n")
    hr = "\n".join(f"70.5,{x}" for x in (800, 810, 790, 805))
    (device / "HR-1.csv").write_text(
        title.replace("ECG", "HeartRate").replace("59200", "591") + "Average,RRData\n" + hr + "\n"
    )
    return device


def movesense_ecg(folder: Path) -> Path:
    return movesense_device(folder) / "ECG-1.csv"


def annotations(folder: Path) -> Path:
    path = folder / "Annotations-1.csv"
    path.write_text(f"Timestamp,Type,Content\n{START},RecordingStart,\n{START + 9.5},Note,hello, you\n")
    return path


def e4_members() -> dict[str, str]:
    wave_ = _rng().normal(size=640)
    return {
        "ACC.csv": f"{START}, {START}, {START}\n32.0, 32.0, 32.0\n" + "0,-64,32\n" * 20 + "1,-63,31\n" * 20,
        "BVP.csv": f"{START}\n64.0\n" + "\n".join(f"{v:.2f}," for v in wave_),
        "EDA.csv": f"{START}\n4.0\n" + "\n".join(f"{v:.3f}" for v in np.abs(wave_[:40]) + 1),
        "HR.csv": f"{START + 10}\n1.0\n" + "70.5\n71\n72\n",
        "IBI.csv": f"{START}, IBI\n1.5,0.8\n2.3,0.81\n",
        "TEMP.csv": f"{START}\n4.0\n33.1\n33.2\n33.2\n",
        "tags.csv": f"{START + 5.5}\n{START + 8}\n",
        "info.txt": "about\n",
    }


def e4_zip(folder: Path) -> Path:
    path = folder / "e4.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in e4_members().items():
            packed.writestr(name, text)
    return path


def e4_eda(folder: Path) -> Path:
    path = folder / "EDA.csv"
    path.write_text(e4_members()["EDA.csv"])
    return path


def wfdb_record(folder: Path) -> Path:
    x = np.round(500 * np.sin(np.arange(720) / 9)).astype("<i2")
    (folder / "rec.dat").write_bytes(np.column_stack([x, -x]).astype("<i2").tobytes())
    (folder / "rec.hea").write_text(
        "rec 2 360 720\nrec.dat 16 200 16 0 0 0 0 V5\nrec.dat 16 200 16 0 0 0 0 MLII\n"
    )
    return folder / "rec.hea"


def wav(folder: Path) -> Path:
    path = folder / "voice é.wav"
    t = np.arange(16000) / 8000
    left, right = np.sin(2 * np.pi * 220 * t), 0.5 * np.sin(2 * np.pi * 330 * t)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((32767 * 0.9 * np.column_stack([left, right])).astype("<i2").tobytes())
    return path


def rttm(folder: Path) -> Path:
    path = folder / "talk.rttm"
    path.write_text(
        "SPEAKER x 1 0.5 1.0 <NA> <NA> Ann <NA> <NA>\nSPEAKER x 1 1.2 2.0 <NA> <NA> Bo <NA> <NA>\n"
    )
    return path


def words(folder: Path) -> Path:
    path = folder / "a.words"
    path.write_text("0.0 0.4 #\n0.4 0.9 sí\n0.9 1.3 claro\n", encoding="latin-1")
    return path


def codes(folder: Path) -> Path:
    path = folder / "codes.txt"
    rows = [f"{k}\tP {'Anger' if k > 5 else 'Neutral'}\tA Tension" for k in range(20)]
    path.write_bytes(('",, 020,,,"\t\t\r' + "\r".join(rows)).encode())
    return path


MAKERS: dict[str, tuple[Maker, str]] = {
    "stamped_csv": (stamped_csv, "table"),
    "semicolon_csv": (semicolon_csv, "table"),
    "long_gz": (long_gz, "table"),
    "motion": (motion, "motion_energy"),
    "rr": (rr, "rr_list"),
    "movesense_device": (movesense_device, "movesense"),
    "movesense_ecg": (movesense_ecg, "movesense"),
    "annotations": (annotations, "movesense"),
    "e4_zip": (e4_zip, "empatica"),
    "e4_eda": (e4_eda, "empatica"),
    "wfdb": (wfdb_record, "wfdb"),
    "wav": (wav, "audio"),
    "rttm": (rttm, "rttm"),
    "words": (words, "words"),
    "codes": (codes, "codes"),
}


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Path]:
    """Write one small file of a named format and return its path."""
    return lambda name: MAKERS[name][0](tmp_path)


@pytest.fixture
def makers() -> dict[str, tuple[Maker, str]]:
    return MAKERS


@pytest.fixture
def zip_with(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    def make(members: dict[str, bytes]) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, raw in members.items():
                packed.writestr(name, raw)
        path = tmp_path / "odd.zip"
        path.write_bytes(buffer.getvalue())
        return path

    return make
