"""What makes the course of its parts: runs the notebooks, fills README.md; is not installed."""
