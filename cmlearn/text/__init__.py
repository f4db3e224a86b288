"""Caption strings become tokens, ids and vectors."""
