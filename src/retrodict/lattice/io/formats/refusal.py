"""The one place from which the readers of this domain refuse a file."""

from retrodict.base.errors import InputError, UnknownKind


def unknown_kind(where: str, got: str) -> UnknownKind:
    """The error for a file that is none of ours, whatever else it may be."""
    expected = "a gauge configuration (NERSC, ILDG, SciDAC, openQCD, MILC v5, npz) or a stream of scalar configurations"
    return UnknownKind("not a lattice configuration", where=where, got=got, expected=expected)


def failed(check: str, where: str, *, got: str = "", expected: str = "", why: str = "", fix: str = "") -> InputError:
    """The error for a configuration file that is recognised and fails a check.

    Args:
        check: name of the check.
        where: the file.
        got: what the file holds.
        expected: what it should hold.
        why: the reason, if it is known.
        fix: a remedy, if there is one.
    """
    what = f"the configuration file fails its {check} check"
    return InputError(what, where=where, got=got, expected=expected, why=why, fix=fix)
