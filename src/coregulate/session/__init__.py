"""Floor 2: a folder of recordings as two people on one clock, with their consent."""

from .clocks import Found
    "whole_sessions",
    "write_person_file",
    "write_plan",
]
