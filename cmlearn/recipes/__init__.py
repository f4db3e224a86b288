"""How each shipped checkpoint was trained: `python -m cmlearn train NAME` trains it anew."""
