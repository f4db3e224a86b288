"""Convert captions to tokens, ids and vectors."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cleaning": ["clean", "tokenize"],
        "labels": ["label_pictures", "label_words"],
        "vocabulary": ["BOS", "EOS", "PAD", "UNK", "Vocabulary"],
        "word2vec": [
            "SkipGram",
            "draw_negatives",
            "embedding_table",
            "lee_sentences",
            "mean_vector",
            "skipgram_loss",
            "skipgram_pairs",
            "standardised_table",
            "train_word2vec",
        ],
        "wordpiece": ["WordPiece", "longest_pieces", "split_words"],
    },
)
