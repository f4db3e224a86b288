"""Neural networks with their losses."""
