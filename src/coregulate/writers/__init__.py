"""Floor 8: an analysis in plain words, and as tables."""

from .bids import write_bids
from .elan import write_elan
from .mne_raw import to_mne
from .phrases import (
    clock_words,
    cue_words,
    duration_words,
    heart_words,
    join_words,
    person_names,
    series_words,
    share_words,
    state_words,
)
from .tables import export_tracks, summary_table, write_table
from .terminal import pooled_words, terminal_summary
from .words import (
    MISMATCH_IS_NORMAL,
    NOT_A_DIAGNOSIS,
    SAFE,
    both_at_ease,
    change_sentence,
    episode_answers,
    episode_sentences,
    heart_sentences,
    kind_words,
    more_words,
    not_known_words,
    observations,
    tells,
    thing_to_try,
    verdict_words,
    why_words,
)

__all__ = [
    "MISMATCH_IS_NORMAL",
    "NOT_A_DIAGNOSIS",
    "SAFE",
    "both_at_ease",
    "change_sentence",
    "clock_words",
    "cue_words",
    "duration_words",
    "episode_answers",
    "episode_sentences",
    "export_tracks",
    "heart_sentences",
    "heart_words",
    "join_words",
    "kind_words",
    "more_words",
    "not_known_words",
    "observations",
    "person_names",
    "pooled_words",
    "series_words",
    "share_words",
    "state_words",
    "summary_table",
    "tells",
    "terminal_summary",
    "thing_to_try",
    "to_mne",
    "verdict_words",
    "why_words",
    "write_bids",
    "write_elan",
    "write_table",
]
