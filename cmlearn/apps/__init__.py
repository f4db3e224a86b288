"""Applications of the trained models."""
