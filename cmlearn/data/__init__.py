"""Data sets of pictures with captions."""
