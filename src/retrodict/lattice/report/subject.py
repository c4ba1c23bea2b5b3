"""One line on what was sampled: volume and couplings, for the top of the page."""

from typing import Final

from retrodict.lattice.core.action import AbstractAction

NO_COUPLINGS: Final = ("shape", "precision", "loops")
_SYMBOLS: Final = {
    "kappa": r"$\kappa$",
    "lam": r"$\lambda$",
    "beta": r"$\beta$",
    "mass_squared": "$m^2$",
    "spacing": "spacing $a$",
}


def subject(target: AbstractAction) -> str:
    r"""Extents, number of sites, and every real parameter of the action.

    Args:
        target: an action.

    Example:
        >>> from retrodict.lattice import Phi4
        >>> subject(Phi4((8, 4), kappa=0.27, lam=0.022))
        '8 × 4 = 32 sites, $\\kappa$\xa0=\xa00.27, $\\lambda$\xa0=\xa00.022'
    """
    extents = " × ".join(map(str, target.shape))
    sites = f"{extents} = {target.volume} sites" if len(target.shape) > 1 else f"{extents} sites"
    group = target.parameters.get("group")
    return ", ".join([sites, *([f"gauge group {group}"] if group else []), *_couplings(target)])


def _couplings(target: AbstractAction) -> list[str]:
    couplings = []
    for name, value in target.parameters.items():
        numbers = value if isinstance(value, list) else [value]
        if name not in NO_COUPLINGS and numbers and all(isinstance(number, int | float) for number in numbers):
            symbol = _SYMBOLS.get(name, name.replace("_", " "))
            couplings.append(f"{symbol}\u00a0=\u00a0{'; '.join(f'{number:g}' for number in numbers)}")
    return couplings
