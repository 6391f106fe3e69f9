"""Floor 1: model files by name, verified, on this machine. Knows nothing of what they are for."""

from __future__ import annotations

from .store import Model, fetch_model, known_models, model_path, models_folder

__all__ = ["Model", "fetch_model", "known_models", "model_path", "models_folder"]
