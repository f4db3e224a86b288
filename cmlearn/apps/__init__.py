"""Applications of the trained models."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "image_to_text": ["ImageToText"],
        "panel": ["Panel"],
        "pipeline": ["Pipeline", "RoundTrip", "repeated_claims", "surviving_claims"],
        "text_to_image": ["TextToImage", "shows_all"],
        "vqa": ["Answer", "TrainedAnswerer", "ask", "ask_file"],
    },
)
