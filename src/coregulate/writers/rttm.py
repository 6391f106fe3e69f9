"""Who spoke when in an analysis, as RTTM."""

from __future__ import annotations

from coregulate.analysis import Analysis


def turns_rttm(analysis: Analysis) -> str:
    """Return the speech of all people as RTTM, one SPEAKER line a stretch, in order of start.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        Start and duration in seconds to the millisecond, session time; file and speaker are the
        session's name and the person's id, blanks written as ``_``. Empty where nobody's speech is known.

    Notes
    -----
    Ten fields a line, as NIST's evaluations have them; the reader of this project takes it back.
    """
    name = _field(analysis.session.name)
    turns = sorted(
        (label.start_s, label.end_s, person)
        for person, tracks in analysis.tracks.items()
        if "speech" in tracks
        for label in tracks["speech"].labels
    )
    return "".join(
        f"SPEAKER {name} 1 {start:.3f} {end - start:.3f} <NA> <NA> {_field(person)} <NA> <NA>\n"
        for start, end, person in turns
    )


def _field(text: str) -> str:
    return "_".join(text.split()) or "<NA>"
