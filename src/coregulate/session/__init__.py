"""Floor 2: a folder of recordings as two people on one clock, with their consent."""

from .dyads import dyads_of
from .folder import files_of, whole_sessions
from .found import Found
from .memory import session_from_memory
from .own_words import add_correction, with_own_words
from .owned import OwnedStream
from .person_file import PersonFile, read_person_file, write_person_file
from .plan import (
    FILE_NAME,
    CorrectionPlan,
    PersonPlan,
    SegmentPlan,
    SessionPlan,
    StreamPlan,
    read_plan,
    write_plan,
)
from .propose import Proposal, propose_by, propose_session
from .session import InputFile, Session, open_session, shifted

__all__ = [
    "FILE_NAME",
    "CorrectionPlan",
    "Found",
    "InputFile",
    "OwnedStream",
    "PersonFile",
    "PersonPlan",
    "Proposal",
    "SegmentPlan",
    "Session",
    "SessionPlan",
    "StreamPlan",
    "add_correction",
    "dyads_of",
    "files_of",
    "open_session",
    "propose_by",
    "propose_session",
    "read_person_file",
    "read_plan",
    "session_from_memory",
    "shifted",
    "whole_sessions",
    "with_own_words",
    "write_person_file",
    "write_plan",
]
