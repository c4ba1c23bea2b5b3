"""Errors for the user: what, where, got, expected, why, and a fix to copy.

Each error knows the exit code with which the command line ends; Python callers catch `RetrodictError`.
"""

from typing import ClassVar, Final

from retrodict.base.printable import printable

INTERRUPTED: Final = 130  # exit code that a shell reports of a program which SIGINT has ended


class RetrodictError(Exception):
    """Something the user can act on. `str(error)` is the whole message, one field a line, without control characters.

    Args:
        what: what is wrong, in a few words.
        where: file, line, column, field of a config.
        got: what was found there.
        expected: what should be there.
        why: the reason, where it is not plain.
        fix: what to do, to copy.
    """

    exit_code: ClassVar[int] = 1  # of the command line

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        got: str = "",
        expected: str = "",
        why: str = "",
        fix: str = "",
    ) -> None:
        self.what, self.where, self.got, self.expected, self.why, self.fix = what, where, got, expected, why, fix
        super().__init__(self._render())

    def _render(self) -> str:
        # What a file says stays in its line.
        where, got = (str(text).replace("\n", "\\n") for text in (self.where, self.got))
        details = {"where": where, "got": got, "expected": self.expected, "why": self.why, "fix": self.fix}
        lines = [f"  {name + ':':<10}{text}" for name, text in details.items() if text]
        return printable("\n".join([self.what, *lines]))


class InputError(RetrodictError):
    """Bad data, configuration or usage: nothing was written."""

    exit_code: ClassVar[int] = 2  # of the command line


class UnknownKind(InputError):
    """A file that is not of the kind that was looked for; somebody else may know it."""

    @classmethod
    def of(cls, error: InputError) -> "UnknownKind":
        """The same words, from a reader that could not even tell what the file is."""
        fields = {name: getattr(error, name) for name in ("where", "got", "expected", "why", "fix")}
        return cls(error.what, **fields)


class InputErrors(InputError):
    """Several input errors at once, so that a config is mended in one go."""

    def __init__(self, errors: list[InputError]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


class NotFiniteError(RetrodictError):
    """A NaN or an infinity appeared where a number was due; it is never returned as a result."""

    exit_code: ClassVar[int] = 3  # of the command line


class StorageError(RetrodictError):
    """The disk is full, read-only or failing; what was there before is intact."""

    exit_code: ClassVar[int] = 5  # of the command line


class Interrupted(RetrodictError):
    """Stopped on request with a checkpoint written: run the same command again with `--resume`."""

    exit_code: ClassVar[int] = 75  # of the command line
