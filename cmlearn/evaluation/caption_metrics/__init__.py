"""Reference-based caption metrics: BLEU, ROUGE-L, METEOR and CIDEr-D."""
