"""Weights that others trained, found on this machine and checked by their hash."""
