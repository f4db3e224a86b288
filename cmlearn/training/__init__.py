"""Training loops, checkpoints and feature caches that work for any model."""
