"""``coregulate couple``: the suite on any two columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.analysis import dumps
from coregulate.bond import DEFAULT, MEASURES, CouplingTest, SuiteSettings, corrected, couple
from coregulate.core import FloatArray, InputError, Notice
from coregulate.readers import read_columns, read_words

from . import sequences
from .console import progress, result, say, table


class _Group(NamedTuple):
    name: str
    columns: dict[str, FloatArray]
    rate_hz: float


def couple_table(
    path: Path,
    *,
    a: str,
    b: str,
    rate_hz: float | None,
    time: str,
    by: str,
    measures: Sequence[str],
    changes: Mapping[str, str],
    seed: int,
    gates: Sequence[str],
    drivers: Sequence[str],
    strangers: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Print what each measure says of two columns, for each group of rows."""
    if (rate_hz is None) == (not time):
        raise InputError("The rate is not known", "Give either --rate HZ or --time COLUMN", path)
    settings = SuiteSettings().changed(changes)
    names, in_sequence = sequences.split(measures)
    names = list(MEASURES) if "all" in names else names or ([] if in_sequence else list(DEFAULT))
    if in_sequence and (gates or drivers or strangers):
        raise InputError(
            "Actor partner takes the columns as they are", "Leave out --gate, --regress and --strangers", path
        )
    groups, notices = _groups(path, [a, b, *gates, *drivers], rate_hz, time, by)
    if strangers and len(groups) < 2:
        raise InputError("There is only one group: nobody is a stranger", "Name the groups with --by", path)

    def tests_of(group: _Group) -> Sequence[CouplingTest]:
        return couple(
            group.columns[a],
            group.columns[b],
            rate_hz=group.rate_hz,
            measures=names,
            settings=settings,
            seed=seed,
            gates=[group.columns[g] for g in gates],
            drivers=[group.columns[d] for d in drivers],
            strangers=[g.columns[b] for g in groups if g is not group] if strangers else (),
        )

    owners, answers, left_out = _each(groups, tests_of, quiet=quiet)
    notices += left_out
    shown = sequences.both_ways(a, b, [g.columns for g in groups], path) if in_sequence else {}
    if as_json:
        said = _facts(path, a, b, settings, seed, owners, answers, notices)
        result(dumps(said | ({"actor_partner": sequences.facts(shown)} if shown else {})))
        return
    for notice in notices:
        say(notice.text, quiet=quiet)
    if answers:
        _print(owners, answers)
    if shown:
        result(table(sequences.rows(shown), sequences.HEADER))


def _each(
    groups: Sequence[_Group], tests_of: Callable[[_Group], Sequence[CouplingTest]], *, quiet: bool
) -> tuple[list[str], list[CouplingTest], tuple[Notice, ...]]:
    """Test each group, all corrected together: whose each test is, the tests, and who is left out.

    The first error is raised where no group can be tested.
    """
    owners: list[str] = []
    answers: list[CouplingTest] = []
    failed: list[tuple[str, InputError]] = []
    with progress("coupling", quiet=quiet) as tell:
        for k, group in enumerate(groups):
            tell(k / len(groups), group.name)
            try:
                found = tests_of(group)
            except InputError as error:
                failed.append((group.name, error))
                continue
            answers += found
            owners += [group.name] * len(found)
        if answers:
            tell(1.0, "done")
    if len(failed) == len(groups):
        raise failed[0][1]
    return owners, list(corrected(answers)), tuple(_left_out(name, error) for name, error in failed)


def _left_out(name: str, error: InputError) -> Notice:
    return Notice("group-left-out", name, f"Group '{name}' is left out: {error.problem}. {error.cure}")


def _print(owners: Sequence[str], answers: Sequence[CouplingTest]) -> None:
    result(table([_row(o, t) for o, t in zip(owners, answers, strict=True)], HEADER))
    n_tests = answers[0].n_tests
    result("\n" + ("One test: q is p." if n_tests == 1 else f"{n_tests} tests were corrected together (q)."))
    for text in dict.fromkeys(n.text for t in answers for n in t.notices):
        result(f"- {text}")


HEADER = ["group", "measure", "value", "95 %", "effect", "p", "q", "leads", "lag s", "before"]


def _row(owner: str, t: CouplingTest) -> list[str]:
    before = "-" if t.before is None else f"{_short(t.before.value)} (p {_short(t.before.p)})"
    return [
        owner or "-", t.measure, _short(t.value), f"{_short(t.low)} .. {_short(t.high)}",
        _short(t.effect_size), _short(t.p), _short(t.q), t.leads or "-", _short(t.lag_s), before,
    ]  # fmt: skip


def _short(x: float) -> str:
    return "-" if x != x else f"{x:.3g}"


def _groups(
    path: Path, names: Sequence[str], rate_hz: float | None, time: str, by: str
) -> tuple[list[_Group], tuple[Notice, ...]]:
    columns, notices = read_columns(path, [*names, *([time] if time else [])])
    owners = read_words(path, by) if by else [""] * len(next(iter(columns.values())))
    groups: list[_Group] = []
    failed: list[InputError] = []
    for owner in dict.fromkeys(owners):
        rows = np.array([o == owner for o in owners])
        mine = {name: values[rows] for name, values in columns.items()}
        rate = float("nan") if rate_hz is None else rate_hz
        try:
            if time:
                mine, rate = _on_grid(mine, time, path)
        except InputError as error:
            failed.append(error)
            notices += (_left_out(owner, error),)
            continue
        groups.append(_Group(owner, mine, rate))
    if failed and not groups:
        raise failed[0]
    return groups, notices


def _on_grid(columns: dict[str, FloatArray], time: str, path: Path) -> tuple[dict[str, FloatArray], float]:
    """Put rows with their own times on a grid of the median step, each at the nearest place; gaps are NaN."""
    t = columns[time]
    use = np.isfinite(t)
    order = np.argsort(t[use], kind="stable")
    t = t[use][order]
    steps = np.diff(t)
    steps = steps[steps > 0]
    if not len(steps):
        raise InputError(f"The times in '{time}' do not move on", "Name a column of seconds", path)
    step = float(np.median(steps))
    at = np.round((t - t[0]) / step).astype(np.int64)
    if len(np.unique(at)) < 0.9 * len(at):
        raise InputError(
            f"Many rows have the same time in '{time}'", "Name what tells the pairs apart with --by", path
        )
    if at[-1] > 100 * len(t):
        raise InputError(
            f"The times in '{time}' leave gaps 100 times as long as the recording",
            "Name a column of seconds, or give --by",
            path,
        )
    out: dict[str, FloatArray] = {}
    for name, values in columns.items():
        grid = np.full(int(at[-1]) + 1, np.nan)
        grid[at] = values[use][order]
        out[name] = grid
    return out, 1 / step


def _facts(
    path: Path,
    a: str,
    b: str,
    settings: SuiteSettings,
    seed: int,
    owners: Sequence[str],
    answers: Sequence[CouplingTest],
    notices: Sequence[Notice],
) -> dict[str, Any]:
    return {
        "table": path.name,
        "a": a,
        "b": b,
        "seed": seed,
        "settings": vars(settings),
        "n_tests": answers[0].n_tests if answers else 0,
        "notices": [n.text for n in notices],
        "results": [{"group": o, **_plain(t)} for o, t in zip(owners, answers, strict=True)],
    }


def _plain(value: Any) -> Any:
    """Named tuples as dictionaries, arrays as lists."""
    if hasattr(value, "_asdict"):
        return {k: _plain(v) for k, v in value._asdict().items()}
    if isinstance(value, Notice):
        return {"code": value.code, "where": value.where, "text": value.text}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
