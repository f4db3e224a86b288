"""Data sets of pictures with captions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "captioned": ["CaptionedImage", "CaptionedPictures", "UnknownTruthError"],
        "folders": ["checkpoint_folder", "data_folder", "downloads_folder"],
        "images": [
            "IMAGENET_MEAN",
            "IMAGENET_STD",
            "ImageError",
            "blur",
            "centre_crop",
            "denormalise",
            "load_image",
            "normalise",
            "resize",
            "resize_all",
            "suppress_stderr",
            "to_pixels",
            "to_tensor",
        ],
        "source": ["READERS", "Source", "find_source", "load_pictures"],
        "splits": ["split_by_picture"],
        "store": ["build_store", "load_square_pictures", "open_store"],
    },
)
