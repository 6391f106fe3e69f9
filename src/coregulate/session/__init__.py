"""Floor 2: a folder of recordings as two people on one clock, with their consent."""

from .clocks import Found
from .memory import session_from_memory
from .owned import OwnedStream
from .plan import FILE_NAME, PersonPlan, SegmentPlan, SessionPlan, StreamPlan, read_plan, write_plan
from .propose import Proposal, files_of, holds_two_people, propose_by, propose_session
from .session import InputFile, Session, open_session, shifted

__all__ = [
    "FILE_NAME",
    "Found",
    "InputFile",
    "OwnedStream",
    "PersonPlan",
    "Proposal",
    "SegmentPlan",
    "Session",
    "SessionPlan",
    "StreamPlan",
    "files_of",
    "holds_two_people",
    "open_session",
    "propose_by",
    "propose_session",
    "read_plan",
    "session_from_memory",
    "shifted",
    "write_plan",
]
