"""Convert captions to tokens, ids and vectors."""
