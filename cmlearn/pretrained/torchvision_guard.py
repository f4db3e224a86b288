"""Imports torchvision even when it was built for another build of torch.

PyPI's torchvision wheel is built against the CUDA build of torch. With a CPU build its compiled
operators do not load, and the import fails at the first Python line that refers to one of them.
The models and transforms of torchvision need no compiled operator, so they work as soon as the
missing operator has a definition. `torchvision.ops` and `torchvision.io` stay unusable.
"""

import importlib
import re
import sys
from types import ModuleType

import torch

CURE = (
    "install torch and torchvision from one index, for example "
    "`pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu`, "
    "or both from conda-forge"
)
MISSING_OPERATOR = re.compile(r"operator torchvision::(\w+) does not exist")
# The schema of non-maximum suppression; torchvision 0.28 misses `nms` and `qnms`, with this schema.
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
MAX_DEFINITIONS = 8

# torch drops an operator when the Library that defined it is garbage-collected.
_definitions: dict[str, torch.library.Library] = {}


def import_torchvision() -> ModuleType:
    """Import torchvision, and define the operators that a mismatched build fails to define.

    A matching torchvision is imported unchanged: a second definition would break it.

    Returns:
        The module.

    Raises:
        ImportError: torchvision is absent or cannot be imported; the message says what to do.
    """
    for _ in range(MAX_DEFINITIONS + 1):
        try:
            return importlib.import_module("torchvision")
        except ImportError as error:
            raise ImportError(f"torchvision cannot be imported ({error}): {CURE}") from error
        except RuntimeError as error:
            _define_missing_operator(error)
    raise ImportError(f"torchvision still lacks operators after {MAX_DEFINITIONS} tries: {CURE}")


def _define_missing_operator(error: RuntimeError) -> None:
    """Define the operator that `error` names; raise `error` if it has another cause."""
    match = MISSING_OPERATOR.search(str(error))
    if match is None or match[1] in _definitions:
        raise error
    library = torch.library.Library("torchvision", "FRAGMENT")
    library.define(match[1] + SCHEMA)
    _definitions[match[1]] = library
    _forget_half_imported_modules()


def _forget_half_imported_modules() -> None:
    for name in list(sys.modules):
        if name == "torchvision" or name.startswith("torchvision."):
            del sys.modules[name]
