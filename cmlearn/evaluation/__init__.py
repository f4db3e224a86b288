"""Numbers about models and data: never figures, never training."""
