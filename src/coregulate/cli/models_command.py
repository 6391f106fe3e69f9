"""``coregulate models``: the model files and where they are."""

from __future__ import annotations

from coregulate.analysis import dumps
from coregulate.models import fetch_model, known_models, models_folder

from . import console


def list_models(*, as_json: bool) -> None:
    """Print every model and whether it is here."""
    folder = models_folder()
    rows = [
        {"name": m.name, "what": m.what, "version": m.version, "licence": m.licence, "sha256": m.sha256,
         "here": (folder / m.file).is_file()}
        for m in known_models().values()
    ]  # fmt: skip
    if as_json:
        console.result(dumps({"folder": str(folder), "models": rows}))
        return
    cells = [
        [str(r["name"]), "here" if r["here"] else "not yet", str(r["licence"]), str(r["what"])] for r in rows
    ]
    console.result(console.table(cells, ["model", "on disk", "licence", "what it is for"]))
    console.say(f"Kept in {folder}")


def fetch_models(names: tuple[str, ...], *, quiet: bool) -> None:
    """Fetch the named models, or all."""
    for name in names or tuple(known_models()):
        with console.progress(name, quiet=quiet) as tell:
            path = fetch_model(name, progress=tell)
        console.say(str(path), quiet=quiet)
