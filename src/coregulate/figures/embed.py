"""A figure as text that a page can hold."""

from __future__ import annotations

import io
import re
from typing import Any

from .style import INK

#: matplotlib measures with the first; a page shows its own.
FAMILY = "system-ui, 'DejaVu Sans', sans-serif"


def svg(figure: Any, *, key: str = "figure") -> str:
    """Return a figure (or the figure of axes) as an SVG document: the same bytes each time, text stays text.

    Axes and words take the text colour of the page that holds the SVG (``currentColor``), and
    nothing is painted behind them, so that one picture serves light and dark pages.

    Parameters
    ----------
    figure : matplotlib Figure or Axes
    key : str
        Begins every id; give each picture on a page its own.

    Returns
    -------
    str
        From ``<svg`` to ``</svg>``, without prolog, date or metadata.
    """
    import matplotlib as mpl

    figure = getattr(figure, "figure", figure)
    out = io.StringIO()
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "coregulate",
        "hatch.linewidth": 0.7,
        "text.parse_math": False,
    }
    with mpl.rc_context(settings):
        figure.savefig(
            out,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = out.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = text.replace("'DejaVu Sans'", FAMILY).replace(INK, "currentColor")
    return _with_own_ids(text, key)


def _with_own_ids(text: str, key: str) -> str:
    """Give new ids, so that two pictures on one page share none."""
    found = dict.fromkeys(re.findall(r'\sid="([^"]+)"', text))
    new = {old: f"{key}-{k}" for k, old in enumerate(found)}
    text = re.sub(r'(\sid=")([^"]+)"', lambda m: f'{m[1]}{new[m[2]]}"', text)
    return re.sub(r'(href="#|url\(#)([^")]+)', lambda m: f"{m[1]}{new.get(m[2], m[2])}", text)
