"""What can go wrong in a user's hands, and the exit code each kind has.

A `UserError` is shown without a traceback: place, what was found, what was wanted, what to do. Anything else
that escapes is our own defect and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class UserError(Exception):
    """Something the user can mend; shown without a traceback, with an exit code of its own."""

    exit_code = 2


class UsageError(UserError):
    """A command, option or parameter that does not exist or has the wrong type."""

    exit_code = 2


class DataError(UserError):
    """A return, register, catalogue or annotation that cannot be used as it stands."""

    exit_code = 3

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(f"  {problem}" for problem in self.problems)]))


class CellError(UserError):
    """Something a notebook ended in, with the cell it was in and the traceback, for the report of the run."""

    def __init__(
        self, message: str, *, notebook: str = "", cell: int = 0, source: str = "", traceback: str = ""
    ) -> None:
        super().__init__(message)
        self.notebook, self.cell, self.source, self.traceback = notebook, cell, source, traceback


class NotebookError(CellError):
    """A notebook raised, stopped early, or did not reach its last cell."""

    exit_code = 1


class KernelError(CellError):
    """A kernel died, could not start, or ran past its time limit."""

    exit_code = 4


class ExportError(UserError):
    """A page could not be exported, or failed the checks made of every page."""

    exit_code = 5


class LockedError(UserError):
    """Another run of the same partnership holds the lock."""

    exit_code = 6


class VerificationError(UserError):
    """A published folder no longer matches its manifest."""

    exit_code = 7


class OutputError(UserError):
    """A folder cannot be written: full, read-only, or in the way."""

    exit_code = 8


class UnfitError(UserError):
    """`threatlib doctor` found something that would stop a run, or no run when there should have been one."""

    exit_code = 9


INTERRUPTED, TERMINATED = 130, 143
"""Exit codes after Ctrl-C and after a termination signal, as shells have it."""

EXIT_CODES: dict[int, str] = {
    0: "Done.",
    NotebookError.exit_code: "A notebook failed; nothing was published.",
    UsageError.exit_code: "A command, option or parameter was wrong.",
    DataError.exit_code: "The data cannot be used as they stand.",
    KernelError.exit_code: "A kernel died, could not start, or ran out of time; nothing was published.",
    ExportError.exit_code: "A page could not be exported or failed its checks; nothing was published.",
    LockedError.exit_code: "Another run of the same partnership is under way.",
    VerificationError.exit_code: "A published folder does not match its manifest.",
    OutputError.exit_code: "A file or folder cannot be read or written: no permission, or a full disk.",
    UnfitError.exit_code: "`threatlib doctor` found something that stops a run, or that no run was made in time.",
    INTERRUPTED: "Interrupted (Ctrl-C); what was not finished was not published.",
    TERMINATED: "Ended by a termination signal; what was not finished was not published.",
}


@dataclass(frozen=True, slots=True)
class NotEnoughPoints:
    """The outcome of a method that was given fewer points than it needs: an answer, not a fault.

    Parameters
    ----------
    found, needed : int
        Points present (missing ones not counted) and the smallest number the method accepts.
    """

    found: int
    needed: int

    def __str__(self) -> str:
        return f"{self.found} of {self.needed} points needed"


def meant(word: str, known: Iterable[str]) -> str:
    """The known name nearest to a misspelt one, or the only one it begins, as a question; empty where none is near."""
    said, names = str(word)[:200], list(map(str, known))
    begun = [name for name in names if said and name.startswith(said)]
    close = get_close_matches(said, names, n=1, cutoff=0.8) or (begun if len(begun) == 1 else [])
    return f"Did you mean '{close[0]}'?" if close else ""
