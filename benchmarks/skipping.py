"""A measurement that this machine cannot make."""


class SkippedError(Exception):
    """Its text says why, and what would change that."""
