"""The content studio: variations, edits, grids and strips of a typed idea, with their truth."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "drawing": [
            "Drawing",
            "Settings",
            "draw_in_batches",
            "draw_pictures",
            "fingerprint",
            "noise_of",
        ],
        "edits": ["Change", "change_word", "compare_drawings", "replacements", "with_attribute"],
        "enlarging": ["redraw", "resample"],
        "files": ["read_settings", "sheet_pdf", "sheet_png", "to_png"],
        "layouts": ["best_of", "by_truth", "by_variety", "grid", "strip", "variations"],
        "panel": ["build_studio_panel"],
        "sentences": ["EXAMPLES", "PALETTE", "check_sentence"],
        "work_queue": ["Job", "QueueFullError", "WorkQueue"],
    },
)
