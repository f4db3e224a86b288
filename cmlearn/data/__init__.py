"""Pairs of a picture and what people say of it."""
