"""Training recipes of the shipped checkpoints; `python -m cmlearn train NAME` runs one."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "registry": ["RECIPES", "Recipe", "train"],
        "spread": ["TRAININGS", "read_spread"],
    },
)
