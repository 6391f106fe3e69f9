"""A man of the group photograph who reaches out, and a woman where his hand may lie on her.

His forearm is cut out of the photograph and set where his left one would be; hers is
``skimage.data.astronaut()`` (NASA). All else of the photograph is painted over.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from skimage.data import astronaut

GREY = (150, 160, 170)
# Corners in the photograph of 1000 x 667 pixels.
FOREARM = [
    (45, 320), (62, 312), (100, 325), (150, 312), (190, 295), (225, 290), (247, 310), (245, 345), (240, 372),
    (200, 385), (130, 392), (60, 398), (42, 370),
]  # fmt: skip
LEFT_HAND = [(232, 268), (262, 255), (300, 248), (318, 300), (262, 335), (246, 312)]
NEIGHBOURS = [(300, 215), (420, 200), (520, 667), (190, 667), (205, 480), (240, 400), (275, 340)]
SHIRT = (28, 30, 36)
BUST = [(180, 190), (100, 240), (50, 330), (40, 512), (440, 512), (410, 280), (330, 225), (280, 190)]


def reaching(photo: Image.Image, place: tuple[int, int], turn_deg: float = 0.0) -> np.ndarray:
    """The scene with her picture's corner at a place and his forearm turned about the elbow."""
    room = photo.copy()
    draw = ImageDraw.Draw(room)
    draw.rectangle((340, 150, 1000, 667), fill=GREY)
    draw.polygon(NEIGHBOURS, fill=GREY)
    draw.polygon(LEFT_HAND, fill=SHIRT)
    her = Image.new("L", (512, 512))
    draw = ImageDraw.Draw(her)
    draw.ellipse((150, 5, 305, 215), fill=255)
    draw.polygon(BUST, fill=255)
    room.paste(Image.fromarray(astronaut()), place, her)
    arm = Image.new("L", photo.size)
    ImageDraw.Draw(arm).polygon(FOREARM, fill=255)
    moved = {"angle": turn_deg, "center": (60, 360), "translate": (235, -55)}
    room.paste(photo.rotate(**moved, resample=Image.Resampling.BICUBIC), (0, 0), arm.rotate(**moved))
    return np.ascontiguousarray(np.asarray(room))
