"""Figures drawn from arrays; a drawing function returns its figure and displays nothing."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attention": ["attention_matrices", "heat_maps", "word_attention"],
        "captions": ["captioned_pictures", "next_words", "ngram_rows", "token_rows", "word_links"],
        "charts": [
            "curves",
            "grouped_percent_bars",
            "label_accuracy_bars",
            "learning_curves",
            "loss_terms",
            "percent_bars",
            "score_panels",
            "share_table",
            "loss_panels",
            "trade_off",
        ],
        "display": ["show"],
        "images": [
            "caption_and_picture",
            "contact_sheet",
            "neighbour_rows",
            "picture_grid",
            "picture_rows",
            "sheet_figure",
            "stage_grids",
            "value_histograms",
        ],
        "latents": ["latent_plane", "scatter_panels"],
        "overview": ["answered_questions", "claim_table", "course_map", "round_trip_rows"],
        "text": [
            "context_windows",
            "padded_batch",
            "rank_and_count",
            "similarity_maps",
            "word_counts",
            "word_map",
        ],
    },
)
