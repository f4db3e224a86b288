"""The notebooks as files: run in order, written back, measured."""
