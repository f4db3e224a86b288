"""What the trained models are good for."""
