"""Every error that Coregulate raises on purpose.

    CoregulateError
    ├── InputError            what was given cannot be used           (exit code 2)
    │   ├── FormatError       a file is not what it should be
    │   ├── SignalError       a signal cannot carry what is asked of it
    │   └── ClockError        two clocks cannot be tied
    ├── ConsentError          a person has not agreed                 (exit code 3)
    ├── StoreError            a result could not be read or written   (exit code 2)
    └── MissingExtraError     an optional package is not installed    (exit code 2)

A message says what was wrong, the value, what is allowed, what to do, and the
file last. Below a quality floor nothing is raised: the answer is "not known".
"""

from __future__ import annotations

from os import PathLike


class CoregulateError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    problem : str
        What was wrong, with the value that was wrong.
    cure : str
        What to do about it.
    path : path-like, optional
        The file it is about.
    """

    exit_code = 2

    def __init__(self, problem: str, cure: str = "", path: str | PathLike[str] | None = None) -> None:
        self.problem = _one_line(problem)
        self.cure = _one_line(cure)
        self.path = None if path is None else str(path)
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.problem.rstrip(".") + "."]
        if self.cure:
            parts.append(self.cure.rstrip(".") + ".")
        if self.path:
            parts.append(f"File: {self.path}")
        return " ".join(parts)


def _one_line(text: str) -> str:
    """Return a message without line ends and control characters: a damaged file's label may hold some."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class InputError(CoregulateError):
    """What was given cannot be used."""


class FormatError(InputError):
    """A file is not what its name or its place says it is."""


class SignalError(InputError):
    """A signal cannot carry what is asked of it."""


class ClockError(InputError):
    """Two clocks cannot be tied, or times contradict each other."""


class ConsentError(CoregulateError):
    """One of the two people has not agreed."""

    exit_code = 3


class StoreError(CoregulateError):
    """A stored result could not be read, or a new one not written."""


class MissingExtraError(CoregulateError):
    """An optional package is needed and not installed."""
