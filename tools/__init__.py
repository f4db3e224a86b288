"""What makes and checks the course from its parts; used in a checkout, never installed."""
