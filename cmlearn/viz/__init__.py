"""Figures drawn from arrays; a drawing function returns its figure and displays nothing."""
