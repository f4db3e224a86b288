"""Maintenance scripts of the course; they run from the repository and are not installed."""
