"""The still on which two people are asked who is who."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .style import FONT, axes_for


def marked_faces(rgb: NDArray[np.uint8], boxes: Mapping[str, FloatArray], ax: Any = None) -> Any:
    """Draw a picture with its faces framed and named.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
    boxes : mapping of label to ndarray, shape (4,)
        Left, top, right, bottom in pixels.
    ax : matplotlib Axes, optional
        Default: new ones, 6.5 inches wide.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.patches import Rectangle

    ax = axes_for(ax, (6.5, 6.5 * rgb.shape[0] / rgb.shape[1]))
    ax.imshow(rgb)
    for label, (left, top, right, bottom) in boxes.items():
        for colour, width in (("black", 4), ("white", 2)):  # seen on light and on dark
            ax.add_patch(
                Rectangle(
                    (left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=width
                )
            )
        ax.text(
            left, top - 6, label, color="black", va="bottom", fontsize=FONT,
            bbox={"facecolor": "white", "edgecolor": "black", "pad": 2},
        )  # fmt: skip
    ax.set_axis_off()
    return ax
