"""Read photographs with captions: COCO, Flickr8k and Flickr30k."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "archives": ["unpack"],
        "catalogue": ["ARCHIVES", "BY_HAND", "fetch"],
        "coco": ["read_coco", "read_coco_part"],
        "flickr": ["read_flickr"],
        "karpathy": ["read_karpathy"],
        "writers": [
            "write_as_coco",
            "write_as_flickr30k",
            "write_as_flickr8k",
            "write_as_kaggle",
            "write_karpathy_file",
        ],
        "sample": ["draw_sample"],
    },
)
