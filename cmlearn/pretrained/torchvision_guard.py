"""Import torchvision also where it does not fit the torch beside it.

The registry's torchvision wheel is built against the CUDA build of torch. Beside a CPU build its
compiled operators do not load, and the import stops at the first Python line that describes one of
them. The models and transforms of torchvision need no compiled operator, so naming the missing
one is enough to use them; `torchvision.ops` and `torchvision.io` stay unusable.
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
# The schema of non-maximum suppression; torchvision 0.28 misses `nms` and `qnms`, both like it.
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
MAX_DEFINITIONS = 8

# torch forgets an operator when the Library that defined it is collected.
_definitions: dict[str, torch.library.Library] = {}


def import_torchvision() -> ModuleType:
    """Return torchvision, naming the operators that a mismatched build fails to define.

    A healthy torchvision is imported as it is and nothing is defined: a second definition would
    break it.

    Raises:
        ImportError: torchvision is absent or cannot be made to import; the message says what to do.
    """
    for _ in range(MAX_DEFINITIONS + 1):
        try:
            return importlib.import_module("torchvision")
        except ImportError as error:
            raise ImportError(f"torchvision cannot be imported ({error}): {CURE}") from error
        except RuntimeError as error:
            _define_missing_operator(error)
    raise ImportError(f"torchvision still misses operators after {MAX_DEFINITIONS} tries: {CURE}")


def _define_missing_operator(error: RuntimeError) -> None:
    """Define the operator that `error` misses; raise `error` where it is about something else."""
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
