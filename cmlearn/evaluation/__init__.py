"""Metrics of captions, pictures, representations and attention; neither plots nor trains."""
