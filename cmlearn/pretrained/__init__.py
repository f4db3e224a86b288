"""Published pretrained weights, found or downloaded, and checked before use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "imagenet": ["load_imagenet_weights"],
        "minilm": ["FrozenBert", "find_minilm", "load_minilm"],
        "torchvision_guard": ["import_torchvision"],
    },
)
