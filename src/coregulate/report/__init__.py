"""Floor 9: the report, one HTML file that needs nothing but a browser."""

from .page import render_report, write_report

__all__ = ["render_report", "write_report"]
