"""Names and units by which a table of a correlation function is known. Nothing heavy is imported here."""

from typing import Final

from retrodict.base.constants import HBAR_C
from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength

# k* is half the relative momentum in the rest frame of the pair; q_inv is twice that for particles of equal mass.
MOMENTUM_NAMES: Final = ("k", "kstar", "k*", "k_star", "k^*", "relative_momentum")
DOUBLE_NAMES: Final = ("qinv", "q_inv")
VALUE_NAMES: Final = ("c", "ck", "c_k", "cf", "c(k)", "c(k*)", "c(k^*)", "correlation", "correlation_function")
TOTAL_NAMES: Final = ("error", "sigma", "dc", "c_error", "err", "uncertainty")
STATISTICAL_NAMES: Final = ("stat", "stat_error", "stat_err", "statistical")
SYSTEMATIC_NAMES: Final = ("sys", "syst", "sys_error", "syst_error", "sys_err", "syst_err", "systematic")
LOW_NAMES: Final = ("k_low", "kstar_low", "low")
HIGH_NAMES: Final = ("k_high", "kstar_high", "high")
MOMENTUM: Final = {"MeV": 1.0, "MeV/c": 1.0, "GeV": 1e3, "GeV/c": 1e3, "fm^-1": HBAR_C}  # in MeV

_MOMENTA = Column((*MOMENTUM_NAMES, *DOUBLE_NAMES), MOMENTUM)
_VALUES = Column(VALUE_NAMES)
_OTHERS = Column((*TOTAL_NAMES, *STATISTICAL_NAMES, *SYSTEMATIC_NAMES, *LOW_NAMES, *HIGH_NAMES))
LAYOUTS: Final = (Layout((_MOMENTA, _VALUES), (_OTHERS,)),)


def claim(head: FileHead) -> Claim:
    """By the form of a table of HEPData, CSV or YAML, with a momentum and a correlation function in it.

    Args:
        head: the beginning of the file.
    """
    text = head.first.decode("utf-8", errors="replace") if head.form == "text" and not head.is_binary else ""
    is_csv, is_yaml = text.startswith("#: "), "dependent_variables:" in text
    if not (is_csv or is_yaml):
        return NO_CLAIM
    plain = text.lower().translate(str.maketrans("", "", "${}\\^ \"'"))
    if ("c(k" in plain or "correlationfunction" in plain) and any(unit in plain for unit in ("mev", "gev")):
        return Claim(Strength.EXACT, 1.0, f"a correlation function from HEPData, {'CSV' if is_csv else 'YAML'}")
    return NO_CLAIM
