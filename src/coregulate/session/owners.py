"""Whose stream is whose: what columns, speakers, folders and file names say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from coregulate.core import Stream

from .calls import films_of_one_call

# Words in file names that say what a file is, not whose.
_KIND_WORDS = frozenset(
    [
        "ecg",
        "ekg",
        "hr",
        "rr",
        "ibi",
        "eda",
        "gsr",
        "scl",
        "resp",
        "rsp",
        "breath",
        "breathing",
        "skin",
        "ppg",
        "bvp",
        "bp",
        "voice",
        "audio",
        "sound",
        "track",
        "speech",
        "words",
        "mic",
        "dial",
        "rating",
        "ratings",
        "codes",
        "felt",
        "safe",
        "acc",
        "accel",
        "temp",
        "heart",
        "physio",
        "data",
        "signal",
        "sample",
        "test",
        "session",
        "rec",
        "recording",
        "motion",
        "mea",
        "export",
        "csv",
        "txt",
        "wav",
    ]
)
#: Folders that say what lies in them, not whose it is (Zoom keeps a file for each speaker in "Audio Record").
_KIND_FOLDERS = frozenset(
    [
        "audio record",
        "audio",
        "sound",
        "video",
        "videos",
        "recordings",
        "recording",
        "physio",
        "beh",
        "data",
        "raw",
    ]
)
#: What counts the pieces of one person's recording.
_PIECE = re.compile(r"(?:teil|part|pt|piece|half|take|run|block|segment)\d*$", re.IGNORECASE)
#: What a folder of one session is called, rather than of one person: a date, a number, a couple.
_OF_A_SESSION = re.compile(
    r"(?:session|ses|couple|pair|dyad|paar|sitzung|talk|visit)?[\W\d_]*$", re.IGNORECASE
)
_ZOOM = re.compile(
    r"audio_?([^\W\d_].*?)\d{6,}$"
)  # audioAlexSmith11234567890: a name, its number, the meeting's
#: Kinds that say something of a person's body, voice or words; the rest is nobody's.
PERSONAL = frozenset(
    [
        "ecg",
        "ppg",
        "rr",
        "beats",
        "heart_rate",
        "eda",
        "respiration",
        "acceleration",
        "temperature",
        "motion_energy",
        "audio",
        "speech",
        "words",
        "codes",
        "rating",
    ]
)


def is_timed(stream: Stream) -> bool:
    """Whether a stream is laid on the session's time at all (a list of intervals is only a reference)."""
    return stream.kind in PERSONAL and stream.kind != "heart_rate" and stream.timing != "intervals"


def labels_of(found: Sequence[tuple[str, Stream]]) -> list[str]:
    """Return, for each (relative path, stream), a label of its owner, or ``""``.

    In order: what the file itself says (a column, a speaker), the folder it
    lies in, the part of its name that tells it from its twin.
    """
    found = _without_one_folder([(_told(_below(path)), stream) for path, stream in found])
    filmed = {path for path, s in found if s.kind == "video"}
    # One video shows both, two show one each, unless they are of one call.
    shared = filmed if len(filmed) == 1 or films_of_one_call(filmed) else set()
    spoken = {path: name for path, _ in found if (name := _speaker(path))}
    by_name = _labels_by_name(
        sorted(
            {
                p
                for p, s in found
                if s.kind in PERSONAL and not s.owner_hint and "/" not in p and p not in shared and not spoken
            }
        )
    )
    elsewhere = {s.owner_hint or p.split("/")[0] for p, s in found if s.owner_hint or "/" in p}
    if found and not by_name and len(elsewhere) < 2:
        by_name = _one_more(found, alone=not elsewhere)
    labels = []
    for path, stream in found:
        if stream.owner_hint:
            labels.append(stream.owner_hint)
        elif path in spoken:
            labels.append(spoken[path])
        elif "/" in path and path not in shared:
            labels.append(path.split("/")[0])
        else:
            labels.append(by_name.get(path) or (_marks_of(path, by_name) if stream.kind == "markers" else ""))
    return labels


def _without_one_folder(found: Sequence[tuple[str, Stream]]) -> Sequence[tuple[str, Stream]]:
    """Drop a folder that holds everything of both: it is named after no person, or what is in it tells two apart."""
    films = {p for p, s in found if s.kind == "video"}
    mine = {p for p, s in found if s.kind in PERSONAL and not s.owner_hint and p not in films}
    folders = {p.split("/")[0] if "/" in p else "" for p in mine}
    if len(folders) != 1 or "" in folders:
        return found
    (folder,) = folders
    inside = [(p.removeprefix(f"{folder}/"), s) for p, s in found]
    names = sorted(p.removeprefix(f"{folder}/") for p in mine)
    if all("/" in p for p in names) or _OF_A_SESSION.match(folder):
        return _without_one_folder(inside)
    return inside if not any("/" in p for p in names) and _by_place(names) else found


def _marks_of(path: str, by_name: Mapping[str, str]) -> str:
    """Return whose marks a file holds: theirs whose name it carries beside that person's other files."""
    own = {token.casefold() for token in _tokens(path)}
    named = {label for label in by_name.values() if label.casefold() in own}
    return named.pop() if len(named) == 1 else ""


def _one_more(found: Sequence[tuple[str, Stream]], *, alone: bool) -> dict[str, str]:
    """Give the one file that names nobody a person: the only one, or the second beside one who is named.

    A sound is of both; beside somebody's streams a file called after its kind may be theirs as well.
    """
    only = {p for p, s in found if s.kind in PERSONAL - {"audio"} and not s.owner_hint and "/" not in p}
    named = {p for p in only if alone or {t.casefold() for t in _tokens(p)} - _KIND_WORDS}
    return {p: p.split(".")[0] for p in named} if len(only) == 1 else {}


def _below(path: str) -> str:
    """Return a path without the way up that leads to it."""
    return "/".join(part for part in path.split("/") if part not in ("..", "."))


def _told(path: str) -> str:
    """Return a path without the folders that say nothing of whose it is."""
    *folders, name = path.split("/")
    return "/".join([*(f for f in folders if f.casefold() not in _KIND_FOLDERS), name])


def _speaker(path: str) -> str:
    """Return whose track of a call a file is, by its name, or ``""``."""
    match = _ZOOM.match(PurePosixPath(path).stem)
    return re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])", " ", match[1]).strip() if match else ""


def choose_two(labels: Sequence[str], weights: Sequence[int]) -> list[str]:
    """Return the people's labels, the two with most first, each in order of first appearance."""
    count: Counter[str] = Counter()
    for label, weight in zip(labels, weights, strict=True):
        if label:
            count[label.casefold()] += weight
    first = {label.casefold(): label for label in reversed(labels) if label}
    ranked = sorted(count, key=lambda key: -count[key])
    order = [label.casefold() for label in labels]
    two = sorted(ranked[:2], key=order.index)
    return [first[key] for key in [*two, *ranked[2:]]]


def _labels_by_name(paths: Sequence[str]) -> dict[str, str]:
    if placed := _by_place(paths):
        return placed
    tokens = {path: _tokens(path) for path in paths}
    count = Counter(token for all_of in tokens.values() for token in set(all_of))
    # A token that every file has names the session, not a person.
    telling = {
        t for t, n in count.items() if n < len(paths) and t.casefold() not in _KIND_WORDS and not _counts(t)
    }
    twins: Counter[str] = Counter()
    for token in telling:
        twins[token] = sum(_has_twin(path, token, tokens, telling) for path in paths if token in tokens[path])
    people = [t for t, n in twins.most_common(2) if n > 0]
    if len(people) == 2:
        return {p: next((t for t in people if t in tokens[p]), "") for p in paths}
    stems = {path: PurePosixPath(path).stem for path in paths}
    return stems if len(set(stems.values())) == 2 else {}


def _by_place(paths: Sequence[str]) -> dict[str, str]:
    """Return a person for each name, where just one place in the names, from either end, holds just two words."""
    tokens = {path: _tokens(path) for path in paths}
    shortest = min(map(len, tokens.values()), default=0)
    told = []
    for place in (*range(shortest), *range(-shortest, 0)):
        words = {path: its[place] for path, its in tokens.items()}
        two = {w.casefold() for w in words.values()}
        if len(two) == 2 and all(w.isalpha() and w not in _KIND_WORDS and not _counts(w) for w in two):
            told.append(words)
    different = [w for k, w in enumerate(told) if w not in told[:k]]
    return different[0] if len(different) == 1 else {}


def _counts(word: str) -> bool:
    """Whether a word is a number, or counts the pieces of a recording: it names nobody."""
    return word.isdigit() or bool(_PIECE.match(word))


def _has_twin(path: str, token: str, tokens: dict[str, list[str]], telling: set[str]) -> bool:
    """Whether another file has the same name but for this one token."""
    rest = [t for t in tokens[path] if t != token]
    suffix = PurePosixPath(path).suffix
    for other, its in tokens.items():
        if other == path or PurePosixPath(other).suffix != suffix or len(its) != len(tokens[path]):
            continue
        differing = [t for t in its if t not in rest]
        if len(differing) == 1 and differing[0] in telling and [t for t in its if t != differing[0]] == rest:
            return True
    return False


def _tokens(path: str) -> list[str]:
    stem = PurePosixPath(path).name.split(".")[0]
    return [t for t in re.split(r"[\W_]+", stem) if t]
