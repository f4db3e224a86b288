"""Metrics of captions, pictures, representations and attention; neither plots nor trains."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "claim_accuracy": [
            "captions_hold",
            "captions_hold_strictly",
            "claim_rates",
            "mark_words",
            "score_caption",
            "score_captions",
            "score_pictures",
            "score_scenes",
            "variety",
        ],
        "image_metrics": [
            "course_frechet_distance",
            "nearest_training_distance",
        ],
        "localisation": [
            "REFERRING_CLASSES",
            "peak_centre",
            "peak_in_box",
            "pointing_accuracy",
            "pointing_by_word",
            "cells_in_box",
            "word_referents",
        ],
        "probing": ["FIRST_KIND", "linear_probe", "principal_components", "word_order_captions"],
        "question_answering": [
            "accuracy_by_type",
            "caption_agreement",
            "chance_by_type",
            "majority_answers",
            "symbolic_answers",
        ],
        "retrieval": ["label_precision", "nearest_neighbours", "recall_at_k"],
        "scene_parser": ["classifier_parser", "parse_scenes"],
        "sticker_parser": [
            "check_stickers",
            "parse_stickers",
            "score_stickers",
            "sticker_variety",
        ],
        "sensitivity": ["gradient_norms", "swap_sensitivity"],
    },
)
