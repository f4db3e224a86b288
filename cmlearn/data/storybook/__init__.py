"""Storybook, a synthetic data set of drawn scenes with captions and exact annotations."""
