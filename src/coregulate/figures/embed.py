"""A figure as text that a page can hold."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from .style import INK

#: matplotlib measures with the first; a page shows its own.
FAMILY = "system-ui, 'DejaVu Sans', sans-serif"


def svg(figure: Any, *, key: str = "figure", page_ink: bool = False) -> str:
    """Return a figure (or the figure of axes) as an SVG document: the same bytes each time, text stays text.

    Nothing is painted behind the drawing.

    Parameters
    ----------
    figure : matplotlib Figure or Axes
    key : str
        Begins every id; give each picture on a page its own.
    page_ink : bool
        Let axes and words take the text colour of the page (``currentColor``): one picture then
        serves light and dark pages, if the page sets no light ground behind it.

    Returns
    -------
    str
        From ``<svg`` to ``</svg>``, without prolog, date or metadata.
    """
    import matplotlib as mpl

    figure = getattr(figure, "figure", figure)
    out = io.StringIO()
    settings = {"svg.fonttype": "none", "svg.hashsalt": "coregulate", "hatch.linewidth": 0.7}
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Names in a script that the measuring font lacks: the page's own fonts draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    text = out.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = text.replace("'DejaVu Sans'", FAMILY)
    if page_ink:
        text = text.replace(INK, "currentColor")
    # A hundredth of a point cannot be seen; the six decimals that matplotlib writes double the size.
    text = re.sub(r'\sd="[^"]*"', lambda m: re.sub(r"(\.\d\d)\d+", r"\1", m[0]), text)
    return _with_own_ids(text, key)


def _with_own_ids(text: str, key: str) -> str:
    """Give new ids, so that two pictures on one page share none."""
    found = dict.fromkeys(re.findall(r'\sid="([^"]+)"', text))
    new = {old: f"{key}-{k}" for k, old in enumerate(found)}
    text = re.sub(r'(\sid=")([^"]+)"', lambda m: f'{m[1]}{new[m[2]]}"', text)
    return re.sub(r'(href="#|url\(#)([^")]+)', lambda m: f"{m[1]}{new.get(m[2], m[2])}", text)
