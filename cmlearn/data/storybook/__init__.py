"""Storybook, the world whose truth is known: scenes, captions, claims, pictures."""
