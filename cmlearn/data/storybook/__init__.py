"""Storybook, a synthetic data set of drawn scenes with captions and exact annotations."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "captions": ["article", "caption_scene", "is_grammatical"],
        "claims": [
            "CLAIM_KINDS",
            "Claim",
            "Description",
            "Mention",
            "Relation",
            "all_true",
            "check_claims",
            "coverage",
        ],
        "dataset": ["draw_storybook", "load_storybook"],
        "edits": ["PARAPHRASES", "edit_one_word", "paraphrase", "reverse_relations"],
        "lexicon": ["CLASSES", "MEANING"],
        "parser": ["parse_caption", "words_of"],
        "renderer": ["render", "render_thing", "thing_box"],
        "scene": [
            "COLOURS",
            "GROUNDS",
            "GROUND_KINDS",
            "KINDS",
            "NOVEL_COLOUR",
            "RELATIONS",
            "SIZES",
            "SKIES",
            "SKY_KINDS",
            "Scene",
            "Thing",
            "has_novel_pair",
            "holds",
            "sample_scene",
        ],
        "stickers": ["STICKER_SIZE", "cut_stickers", "load_stickers", "sticker_caption"],
        "targets": ["LABELS", "from_slots", "multi_hot", "to_slots"],
    },
)
