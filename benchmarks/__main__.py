"""``python -m benchmarks [hours ...]`` prints the table of speeds."""

from __future__ import annotations

import sys

from .hour import table

if __name__ == "__main__":
    print(table(tuple(float(h) for h in sys.argv[1:]) or (1.0, 4.0)))
