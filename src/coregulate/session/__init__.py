"""Floor 2: a folder of recordings as two people on one clock, with their consent."""

from .clocks import Found
from .plan import FILE_NAME, PersonPlan, SegmentPlan, SessionPlan, StreamPlan, read_plan, write_plan
from .propose import Proposal, files_of, propose_by, propose_session, whole_sessions
from .session import InputFile, OwnedStream, Session, open_session, shifted

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
    "open_session",
    "propose_by",
    "propose_session",
    "read_plan",
    "shifted",
    "whole_sessions",
    "write_plan",
]
