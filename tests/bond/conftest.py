"""Puts the simulator of pairs (oscillator_pairs.py, also used by benchmarks/bond.py) on the path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
