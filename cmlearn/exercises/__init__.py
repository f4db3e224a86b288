"""Checks of the notebooks' exercises, which say what is wrong and never give the answer away."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"checking": ["check"], "registry": ["CHECKS"]}
)
