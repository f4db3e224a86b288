"""Colours that the figures share: dark ones for text and lines, light ones to write on."""

from __future__ import annotations

INK = "#333344"  # text and outlines
PALE = "#9a9aa6"  # text that steps back
FAINT = "#e9e9ef"  # grid lines
BLUE, LIGHT_BLUE = "#1d5fa8", "#b9d6f2"
RED, LIGHT_RED = "#b3261e", "#f9dedb"  # what is false
GREEN, LIGHT_GREEN = "#2c7a3f", "#cfe5c8"  # what is true
ORANGE = "#e8850c"  # stands out on a night sky and on snow
# Lines and groups, told apart by their brightness, too.
SERIES = ("#b3261e", "#1d5fa8", "#2e7d32", "#8a5a00", "#7b1fa2", "#00757d", "#555566")
