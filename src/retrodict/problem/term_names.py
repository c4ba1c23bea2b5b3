"""Names of the terms of a product of likelihoods."""

from collections.abc import Sequence

from retrodict.base.errors import InputError


def check_names(names: Sequence[str]) -> None:
    """Refuse names that are empty, have a slash or occur twice.

    Args:
        names: of the terms of a product, in order.

    Raises:
        InputError: also if there is no term.
    """
    expected = "Independent(nicer=..., pulsars=...), or a mapping of names to likelihoods"
    if not names:
        raise InputError("a product of likelihoods without a term", expected=expected)
    for i, name in enumerate(names):
        if not name or "/" in name:
            raise InputError("the name of a term is empty or has a slash", got=repr(name), expected=expected)
        if name in names[:i]:
            raise InputError("two terms have the same name", got=repr(name), expected="one name for each data set")
