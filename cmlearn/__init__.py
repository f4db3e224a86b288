"""The companion package of the course Words ⇄ pictures."""

__version__ = "0.1.0"
