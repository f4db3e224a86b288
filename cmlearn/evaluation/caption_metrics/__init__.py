"""Scores of captions by the words that they share with references."""
