"""``python -m benchmarks [hours ...]`` prints the table of speeds, and what the default install weighs."""

from __future__ import annotations

import importlib.util
import sys

from . import bond, chain, faces, install, mediapipe, pieces
from .hour import table

if __name__ == "__main__":
    print(table(tuple(float(h) for h in sys.argv[1:]) or (1.0, 4.0)))
    print()
    print(install.row())
    print("\n".join(chain.rows()))
    measured = pieces.rows()
    print(pieces.table(measured))
    print("\n".join(bond.lines()))
    if importlib.util.find_spec("ai_edge_litert"):
        print("\n".join([faces.table(), *mediapipe.rows()]))
    else:
        print("faces: not measured, the extra 'video' is not installed")
    sys.exit(any(row.took_s > row.bound_s for row in measured))
