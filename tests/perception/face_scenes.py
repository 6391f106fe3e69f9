"""Faces with known truth: one public-domain photograph, bent by known amounts and put into scenes.

The photograph is ``skimage.data.astronaut()`` (NASA). Amounts are in units of the distance
between the outer eye corners, angles in degrees.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import map_coordinates, zoom
from skimage.data import astronaut

SIDE = 600
BROW = {
    "inner": ((107, 55, 66, 65), (336, 285, 296, 295)),
    "outer": ((70, 46, 63, 53), (300, 276, 293, 283)),
}
EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263)),
)
# Outer and inner edge of the upper lip, then of the lower.
LIPS = (
    ((61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291), (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)),
    ((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291), (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)),
)


def portrait() -> np.ndarray:
    """The face, about 220 pixels high in 600 x 600."""
    cut = Image.fromarray(astronaut()).crop((90, 0, 390, 300))
    return np.asarray(cut.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).copy()


def other_person() -> np.ndarray:
    """The photograph made into somebody else: mirrored, narrower, other colours."""
    narrow = Image.fromarray(portrait()[:, ::-1]).resize((SIDE - 90, SIDE), Image.Resampling.BICUBIC)
    picture = np.pad(np.asarray(narrow), ((0, 0), (45, 45), (0, 0)), mode="edge").astype(float)
    skin = picture * [0.62, 0.58, 0.55]
    skin[430:] = picture[430:, :, ::-1] * [0.5, 1.0, 0.9]
    return skin.clip(0, 255).astype(np.uint8)


def moved_by(picture, dx, dy):
    """Each pixel taken from where (dx, dy) says it came from."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(float)
    parts = [
        map_coordinates(picture[..., c].astype(float), [y - dy, x - dx], order=1, mode="nearest")
        for c in range(3)
    ]
    return np.ascontiguousarray(np.stack(parts, -1).clip(0, 255).astype(np.uint8))


class Bent:
    """Bends a picture whose points are known."""

    def __init__(self, picture, points):
        self.picture, self.points = picture, points
        self.xy = points[:, :2]
        self.unit = float(np.hypot(*(self.xy[263] - self.xy[33])))

    def bump(self, moves):
        """Move places smoothly: (centre, shift, (width, height)) in pixels and eye distances."""
        y, x = np.mgrid[: self.picture.shape[0], : self.picture.shape[1]].astype(float)
        dx, dy = np.zeros_like(x), np.zeros_like(x)
        for (cx, cy), (sx, sy), (wide, high) in moves:
            far = ((x - cx - sx) / (wide * self.unit)) ** 2 + ((y - cy - sy) / (high * self.unit)) ** 2
            weight = np.exp(-0.5 * far)
            dx += weight * sx
            dy += weight * sy
        return moved_by(self.picture, dx, dy)

    def brow(self, up, parts=("inner", "outer")):
        groups = [ids for part in parts for ids in BROW[part]]
        return self.bump([(self.xy[list(ids)].mean(0), (0, -up * self.unit), (0.13, 0.10)) for ids in groups])

    def inner_brow(self, up):
        return self.brow(up, ("inner",))

    def smile(self, more):
        u = self.unit
        return self.bump(
            [
                (self.xy[c], (side * 0.6 * more * u, -0.8 * more * u), (0.12, 0.10))
                for c, side in ((61, -1), (291, 1))
            ]
        )

    def corners_down(self, by):
        return self.bump([(self.xy[c], (0, by * self.unit), (0.10, 0.08)) for c in (61, 291)])

    def jaw(self, down):
        shift = (0, down * self.unit)
        return self.bump([(self.xy[14], shift, (0.22, 0.09)), (self.xy[152], shift, (0.4, 0.25))])

    def blink(self, share):
        """Draw the upper lid down over a still eye by a share of its opening."""
        y, x = np.mgrid[: self.picture.shape[0], : self.picture.shape[1]].astype(float)
        dy = np.zeros_like(x)
        for upper, lower in EYES:
            a, b = self.xy[list(upper)], self.xy[list(lower)]
            a, b = a[np.argsort(a[:, 0])], b[np.argsort(b[:, 0])]
            top, low = (np.interp(x[0], p[:, 0], p[:, 1], left=np.nan, right=np.nan) for p in (a, b))
            with np.errstate(invalid="ignore"):
                lid = top + share * (low - top)
                start = top - 0.09 * self.unit
                over = (y >= start) & (y < lid)
                dy = np.where(over, y - start - (y - start) * (top - start) / (lid - start), dy)
        return moved_by(self.picture, np.zeros_like(dy), np.nan_to_num(dy))

    def closed(self, pressed=0.0):
        """Shut the mouth over its teeth and thin the red of both lips by a share."""
        y, x = np.mgrid[: self.picture.shape[0], : self.picture.shape[1]].astype(float)
        edges = [[self.xy[list(ids)] for ids in lip] for lip in LIPS]
        edges = [[p[np.argsort(p[:, 0])] for p in lip] for lip in edges]
        high = [[np.interp(x[0], p[:, 0], p[:, 1], left=np.nan, right=np.nan) for p in lip] for lip in edges]
        middle = (high[0][1] + high[1][1]) / 2
        dy = np.zeros_like(x)
        with np.errstate(invalid="ignore", divide="ignore"):
            for (outer, inner), side in zip(high, (-1, 1), strict=True):
                gap, red = np.maximum(side * (inner - middle), 0), side * (outer - inner)
                thin, far = (1 - pressed) * red, gap + red + 0.15 * self.unit
                off = side * (y - middle)
                skin = gap + red + (off - thin) * (far - gap - red) / (far - thin)
                source = np.where(off < thin, gap + off / (1 - pressed), skin)
                dy = np.where((off >= 0) & (off < far), -side * (source - off), dy)
        return moved_by(self.picture, np.zeros_like(dy), np.nan_to_num(dy))

    def gaze(self, right):
        """Move both irises to the right of the picture."""
        return self.bump([(self.xy[c], (right * self.unit, 0), (0.055, 0.04)) for c in (468, 473)])

    def turn(self, yaw=0.0, pitch=0.0):
        """Turn the points as a solid and let the picture follow: yaw to the right of the picture, pitch up."""
        a, b = np.radians([yaw, pitch])
        about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
        solid = self.points[:468]
        centre = np.add(solid.mean(0), (0, 0, 60))
        new = (solid - centre) @ (about_y @ about_x).T + centre
        side = self.picture.shape[0]
        rim = np.array([(p, q) for p in np.linspace(0, side, 9) for q in np.linspace(0, side, 9)])
        rim = rim[np.any((rim == 0) | (rim == side), axis=1)]
        source = np.vstack([new[:, :2], rim])
        shift = np.vstack([new[:, :2] - solid[:, :2], 0 * rim])
        _, keep = np.unique(source.round(1), axis=0, return_index=True)
        field = RBFInterpolator(source[keep], shift[keep], kernel="linear", neighbors=40, smoothing=0.5)
        grid = np.stack(np.meshgrid(np.arange(0, side, 6.0), np.arange(0, side, 6.0)), -1)
        coarse = field(grid.reshape(-1, 2)).reshape(side // 6, side // 6, 2)
        return moved_by(self.picture, *(zoom(coarse[..., k], 6, order=1) for k in (0, 1)))


def scene(people, size=(1280, 720), light=1.0, backdrop=110):
    """A grey room with portraits in it: (picture, height of the portrait, left, top)."""
    room = np.full((size[1], size[0], 3), backdrop, np.uint8)
    for picture, high, left, top in people:
        small = np.asarray(Image.fromarray(picture).resize((high, high), Image.Resampling.LANCZOS))
        part = room[top : top + high, left : left + high]
        part[:] = small[: part.shape[0], : part.shape[1]]
    return (room * light).astype(np.uint8)
