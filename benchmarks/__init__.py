"""Speeds, as ratios: ``python make.py bench``."""
