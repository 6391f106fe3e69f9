"""The command ``coregulate``. Exit codes: 0 done, 2 input, 3 consent, 130 interrupted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from coregulate import __version__
from coregulate.core import CoregulateError, InputError

from . import console
from .interrupts import Interrupts
from .moment import moment

_QUIET = click.option("--quiet", is_flag=True, help="Print no messages and no progress.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_SEED = click.option("--seed", default=0, show_default=True, help="Seed of all randomness.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="coregulate", message="%(prog)s %(version)s")
def cli() -> None:
    """See how two people's nervous systems move each other, and what brings them back on track.

    Start with 'coregulate init FOLDER', then 'coregulate analyze FOLDER'.

    Everything runs on this machine; nothing is sent anywhere.

    Exit codes: 0 done, 2 something is wrong with the input, 3 a consent is missing, 130 interrupted.
    """


@cli.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--by", default="", metavar="COLUMN", help="One session for each value of this column of a long table."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for session.toml, where it should not lie with the recordings.",
)
@click.option(
    "--person",
    "people",
    multiple=True,
    metavar="NAME=LABEL",
    help="Who is who: NAME is the person whose files, column or speaker are called LABEL; in one recording of both: left, right, first or second.",
)
@click.option(
    "--segment",
    "segments",
    multiple=True,
    metavar="NAME=START-END[:rest|:calm_talk][@PERSON]",
    help="Mark a stretch in seconds; with :rest or :calm_talk it is a baseline.",
)
@click.option(
    "--still",
    type=click.Path(path_type=Path),
    help="Keep a picture of the video with both faces, marked left and right.",
)
@click.option("--yes", is_flag=True, help="Take the proposal; consent is noted as recorded elsewhere.")
@click.option("--force", is_flag=True, help="Propose anew where session.toml exists.")
@_QUIET
def init(
    source: Path,
    by: str,
    out: Path | None,
    people: tuple[str, ...],
    segments: tuple[str, ...],
    still: Path | None,
    yes: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Look at the files of SOURCE, propose whose each is, and write session.toml."""
    from .init_command import init as run

    run(
        source,
        by=by,
        out=out,
        people=_pairs(people, "--person"),
        segments=segments,
        yes=yes,
        force=force,
        quiet=quiet,
        still=still,
    )


@cli.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDER...")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for the analysis; by default FOLDER/analysis."
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write the report to this HTML file (a folder, for several sessions).",
)
@click.option(
    "--blur",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help="Also write each video there for reviewing, with faces made coarse (as 'coregulate blur').",
)
@click.option(
    "--from", "start_s", type=moment, default=0.0, metavar="S", help="Analyse from here on: seconds, or 7:01."
)
@click.option("--to", "end_s", type=moment, default=float("inf"), metavar="S", help="Analyse up to here.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting, such as bond.window_s=60 (docs/settings.md lists them).",
)
@_JSON
@_QUIET
def analyze(
    folders: tuple[Path, ...], out: Path | None, report: Path | None, blur: Path | None, start_s: float, end_s: float, changes: tuple[str, ...], as_json: bool, quiet: bool
) -> int:  # fmt: skip
    """Analyse one or more sessions: cues, circuits, bond and story."""
    from .analyze_command import analyze_folders

    return analyze_folders(
        folders,
        out=out,
        report=report,
        blur=blur,
        start_s=start_s,
        end_s=end_s,
        changes=_pairs(changes, "--set"),
        as_json=as_json,
        quiet=quiet,
    )


@cli.command()
@click.argument("analysis", type=click.Path(path_type=Path), metavar="ANALYSIS")
@click.option("--person", required=True, help="Whose moment: an id or a name.")
@click.option(
    "--at", "time_s", type=moment, required=True, metavar="S", help="Moment of the session: seconds, or 7:01."
)
@_JSON
def why(analysis: Path, person: str, time_s: float, as_json: bool) -> None:
    """Say why somebody reads as they do at a moment, in a sentence and as a table of evidence (nats)."""
    from .own_word_commands import why as run

    run(analysis, person=person, time_s=time_s, as_json=as_json)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--person", required=True, help="Whose word it is: an id or a name.")
@click.option(
    "--from", "start_s", type=moment, required=True, metavar="S", help="Where it begins: seconds, or 7:01."
)
@click.option("--to", "end_s", type=moment, required=True, metavar="S", help="Where it ends.")
@click.option("--was", default="", metavar="STATE", help="What it was.")
@click.option("--was-not", default="", metavar="STATE", help="What it was not.")
@_QUIET
def correct(
    folder: Path, person: str, start_s: float, end_s: float, was: str, was_not: str, quiet: bool
) -> None:
    """Take in a person's own word on a stretch ("that was not anger, that was laughing").

    STATE is social, play, still, fight_flight, shutdown, safe, unsafe or mobilized. It is written to the
    end of session.toml, where it can be changed or taken out; the next analysis takes it in.
    """
    from .own_word_commands import correct as run

    run(folder, person=person, start_s=start_s, end_s=end_s, was=was, was_not=was_not, quiet=quiet)


@cli.command()
@click.argument("analyses", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ANALYSIS...")
@click.option("--person", help="Learn of this person (an id or a name) from their own word.")
@click.option("--group", is_flag=True, help="Learn what all people in these analyses have in common.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The person's file to write.")
@_QUIET
def learn(analyses: tuple[Path, ...], person: str | None, group: bool, out: Path, quiet: bool) -> None:
    """Learn how a person's body shows, from their dial and corrections, and keep it in a file of theirs.

    To use it, write learned = "FILE" with the person in session.toml; to forget it, delete the file.
    Nothing is written where the person's held-out word is not told better for it.
    """
    from .own_word_commands import learn as run

    run(analyses, person=person, group=group, out=out, quiet=quiet)


@cli.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The new .mp4; else beside the video.")
@click.option("--sound", is_flag=True, help="Copy the sound too; a voice tells who it is as a face does.")
@_QUIET
def blur(video: Path, out: Path | None, sound: bool, quiet: bool) -> None:
    """Write a copy of a video for reviewing, faces made coarse and the sound left out."""
    from .blur_command import blur_video

    console.result(str(blur_video(video, out=out, sound=sound, quiet=quiet)))


@cli.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--a", required=True, metavar="COLUMN", help="The first's series.")
@click.option("--b", required=True, metavar="COLUMN", help="The second's series.")
@click.option("--rate", "rate_hz", type=float, metavar="HZ", help="Rows a second.")
@click.option("--time", default="", metavar="COLUMN", help="Time of each row in seconds, instead of --rate.")
@click.option("--by", default="", metavar="COLUMN", help="One pair for each value of this column.")
@click.option(
    "--measures",
    multiple=True,
    metavar="NAME",
    help="A measure (docs/bond.md lists them), or 'actor partner' for columns of 0 and 1; again for more, 'all' for all.",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="COLUMN",
    help="Take out of both the rows in which this is not 0.",
)
@click.option(
    "--regress", "drivers", multiple=True, metavar="COLUMN", help="Take out of both what this explains."
)
@click.option(
    "--strangers", is_flag=True, help="Compare with the other groups' people (pseudo-dyads), not surrogates."
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a setting of the measures, such as window_s=60 (docs/settings.md lists them).",
)
@click.option("--surrogates", type=int, metavar="N", help="How many surrogates; 1000 where not given.")
@_SEED
@_JSON
@_QUIET
def couple(
    table: Path, a: str, b: str, rate_hz: float | None, time: str, by: str, measures: tuple[str, ...], gates: tuple[str, ...], drivers: tuple[str, ...], strangers: bool, changes: tuple[str, ...], surrogates: int | None, seed: int, as_json: bool, quiet: bool
) -> None:  # fmt: skip
    """Measure how two columns of TABLE go together, with surrogates; for each group of a long table."""
    from .couple_command import couple_table

    settings = _pairs(changes, "--set") | ({} if surrogates is None else {"surrogates": str(surrogates)})
    couple_table(
        table,
        a=a,
        b=b,
        rate_hz=rate_hz,
        time=time,
        by=by,
        measures=measures,
        changes=settings,
        seed=seed,
        gates=gates,
        drivers=drivers,
        strangers=strangers,
        as_json=as_json,
        quiet=quiet,
    )


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_JSON
@_QUIET
def inspect(folder: Path, as_json: bool, quiet: bool) -> None:
    """Show a session's streams, clocks and quality, what can be computed, what cannot and why."""
    from .inspect_command import inspect_folder

    inspect_folder(folder, as_json=as_json, quiet=quiet)


@cli.command()
@click.argument("analyses", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ANALYSIS...")
@click.option("--csv", "kind", flag_value="csv", default="csv", help="As comma-separated text (the default).")
@click.option("--parquet", "kind", flag_value="parquet", help="As Parquet; needs --out.")
@click.option("--rttm", "kind", flag_value="rttm", help="Who spoke when, as RTTM; one analysis.")
@click.option("--elan", "kind", flag_value="elan", help="States, speech and episodes as tiers; needs --out.")
@click.option(
    "--bids", "kind", flag_value="bids", help="The session as a BIDS data set, with derivatives; needs --out."
)
@click.option("--tracks", is_flag=True, help="Every second of every person instead of one row each.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; without it CSV goes to the terminal."
)
@_QUIET
def export(analyses: tuple[Path, ...], kind: str, tracks: bool, out: Path | None, quiet: bool) -> None:
    """Write analyses as a table (one row for each session and person, or the full tracks), RTTM, ELAN or BIDS."""
    from .export_command import export as run

    run(analyses, kind=kind, tracks=tracks, out=out, quiet=quiet)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--minutes", default=24.0, show_default=True, help="Length of the talk.")
@click.option("--force", is_flag=True, help="Write into a folder that holds something already.")
@_SEED
@_QUIET
def simulate(folder: Path, minutes: float, force: bool, seed: int, quiet: bool) -> None:
    """Write a simulated session of two people, with known truth, as files that devices would write."""
    from coregulate.simulate import simulate_session

    if folder.exists() and any(folder.iterdir()) and not force:
        raise InputError("This folder holds something already", "Choose an empty one, or --force", folder)
    with console.progress("simulating", quiet=quiet) as tell:
        simulate_session(folder, seed=seed, minutes=minutes, progress=tell)
    console.say(f"wrote {folder}; next: coregulate init {console.typed(folder)}", quiet=quiet)


@cli.command()
@_JSON
def doctor(as_json: bool) -> None:
    """Print versions and what this machine has."""
    from .doctor_command import doctor as run

    run(as_json=as_json)


@cli.group()
def models() -> None:
    """List, fetch or find the model files that read faces and voices."""


@models.command("list")
@_JSON
def models_list(as_json: bool) -> None:
    """Print each model, what it is for, its licence, and whether it is on this machine."""
    from .models_command import list_models

    list_models(as_json=as_json)


@models.command("fetch")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@_QUIET
def models_fetch(names: tuple[str, ...], quiet: bool) -> None:
    """Fetch models now (all, where no NAME is given), so that later no network is needed."""
    from .models_command import fetch_models

    fetch_models(names, quiet=quiet)


@models.command("path")
@click.argument("name")
def models_path(name: str) -> None:
    """Print where a model's file lies; it is fetched first where it is not there."""
    from coregulate.models import model_path

    console.result(str(model_path(name)))


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise InputError(f"'{option} {text}' cannot be read", f"Write it as {option} NAME=VALUE")
        pairs[key.strip()] = value.strip()
    return pairs


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    interrupts = Interrupts()
    try:
        with interrupts:
            code: Any = cli.main(arguments, standalone_mode=False)
    except CoregulateError as failure:
        console.error(failure)
        code = failure.exit_code
    except click.ClickException as failure:
        failure.show()
        code = failure.exit_code
    except BrokenPipeError:
        code = 0
    except (KeyboardInterrupt, Exception) as failure:
        if not (interrupts.seen or isinstance(failure, KeyboardInterrupt | click.Abort)):
            raise
        console.say(
            "Interrupted; what was stored before is untouched, and the same command goes on with a video."
        )
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
