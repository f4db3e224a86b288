"""Reference-based caption metrics: BLEU, ROUGE-L, METEOR and CIDEr-D."""

from cmlearn.evaluation.caption_metrics.bleu import bleu, sentence_bleu
from cmlearn.evaluation.caption_metrics.cider import cider_d, sentence_cider, sentence_cider_d
from cmlearn.evaluation.caption_metrics.corpus_scores import reference_scores
from cmlearn.evaluation.caption_metrics.meteor import meteor, sentence_meteor
from cmlearn.evaluation.caption_metrics.rouge import rouge_l, sentence_rouge_l
from cmlearn.evaluation.caption_metrics.tokens import count_ngrams

__all__ = [
    "bleu",
    "cider_d",
    "count_ngrams",
    "meteor",
    "reference_scores",
    "rouge_l",
    "sentence_bleu",
    "sentence_cider",
    "sentence_cider_d",
    "sentence_meteor",
    "sentence_rouge_l",
]
