"""A second device on a machine that has only a CPU.

Tensors "on" it are wrappers around CPU tensors: every operation really runs, with the numbers of
the CPU, and those that mix the two devices raise as they do on a GPU. `FakeTensorMode` and the
"meta" device know shapes alone, so that no loop whose end depends on the data could be run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib import import_module
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

# Any name that no backend of this build answers to and whose gradients need no thread of their own.
SECOND = torch.device("lazy")
CPU = torch.device("cpu")
MOVES = {"aten::_to_copy", "aten::copy_"}
PACKING = "aten::_pack_padded_sequence"  # its lengths and batch sizes lie on the CPU everywhere
INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}


class SecondTensor(Tensor):
    """A tensor that says it lies on `SECOND`, and keeps its numbers in `inner`."""

    inner: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: Tensor) -> SecondTensor:
        made = Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=SECOND,
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})

    def tolist(self) -> Any:
        """Copy to Python, which wrappers are refused and tensors on a GPU are not."""
        return self.cpu().tolist()


class _Interceptor(TorchDispatchMode):
    """Sees what no `SecondTensor` takes part in: tensors made on `SECOND` and copied to it."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def run(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation on the CPU, and wrap what comes out where it ran on `SECOND`."""
    name = func._schema.name
    tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
    on_second = _checked(name, args, tensors)
    if kwargs.get("device") is not None:
        on_second = kwargs["device"].type == SECOND.type
        if on_second and kwargs.get("generator") is not None:
            raise RuntimeError(f"{name}: expected a generator of {SECOND}, and found the CPU's")
    found = func(*tree_map(_unwrapped, args), **tree_map(_unwrapped, kwargs))
    if torch.Tag.inplace_view in func.tags and on_second:  # the wrapper takes the new shape too
        args[0].data = SecondTensor(args[0].inner)
    if func._schema.is_mutable and name.endswith("_"):
        return args[0] if func._schema.returns else None
    if name == PACKING and on_second:
        return _wrapped(found[0]), found[1]
    return tree_map(_wrapped, found) if on_second else found


def _checked(name: str, args: tuple[Any, ...], tensors: list[Tensor]) -> bool:
    """Return whether an operation runs on `SECOND`; raise if its tensors lie on two devices."""
    if name in MOVES:
        return isinstance(tensors[0], SecondTensor)
    if name in INDEXING:  # an index may lie on the CPU whatever it points into
        base, indices = args[0], [index for index in args[1] if index is not None]
        if not isinstance(base, SecondTensor) and any(isinstance(i, SecondTensor) for i in indices):
            raise RuntimeError(f"{name}: indices should be on the CPU, as what they point into is")
        tensors = [base, *args[2:3]]
    if name == PACKING:
        tensors = tensors[:1]
    second = [x for x in tensors if isinstance(x, SecondTensor)]
    # A single number on the CPU goes with any device.
    first = [x for x in tensors if not isinstance(x, SecondTensor) and x.ndim > 0]
    if second and first:
        raise RuntimeError(
            f"{name}: expected all tensors to be on the same device, but found {SECOND} and cpu"
        )
    return bool(second)


def _unwrapped(value: Any) -> Any:
    if isinstance(value, torch.device):
        return CPU if value.type == SECOND.type else value
    return value.inner if isinstance(value, SecondTensor) else value


def _wrapped(value: Any) -> Any:
    return SecondTensor(value) if isinstance(value, Tensor) else value


def _autocast(
    autocast: type[torch.autocast], kind: str, **how: Any
) -> AbstractContextManager[object]:
    """Leave `SECOND`, which has one precision, as it is."""
    return nullcontext() if kind == SECOND.type else autocast(kind, **how)


@contextmanager
def second_device() -> Iterator[torch.device]:
    """Give this machine the device `SECOND` for the time of the block."""
    optimiser = import_module("torch.optim.optimizer")
    fused = optimiser._get_fused_kernels_supported_devices
    lifts = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(…, device=…) copies where it is seen
    try:
        with (
            mock.patch.object(
                optimiser,
                "_get_fused_kernels_supported_devices",
                lambda: [*fused(), SECOND.type],
            ),
            mock.patch.object(torch, "autocast", partial(_autocast, torch.autocast)),
            _Interceptor(),
        ):
            yield SECOND
    finally:
        torch._C._set_only_lift_cpu_tensors(lifts)
