"""Move signed-in users onto sessions you host."""

from segue._version import __version__

__all__ = ["__version__"]
