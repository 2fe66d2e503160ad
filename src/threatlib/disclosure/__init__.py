"""The disclosure gate: what an audience may see, and the proof that it can see no more."""

from threatlib.disclosure.gate import Protection, Release, protect, protection

__all__ = ["Protection", "Release", "protect", "protection"]
