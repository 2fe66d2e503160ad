"""threatlib: quarterly threat assessments for safeguarding children partnerships."""

from threatlib._version import __version__

__all__ = ["__version__"]
