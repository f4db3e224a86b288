"""Training recipes of the shipped checkpoints; `python -m cmlearn train NAME` runs one."""
