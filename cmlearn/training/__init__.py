"""How any model is fitted, kept and loaded; names no model."""
