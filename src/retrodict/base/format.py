"""Numbers with their errors, as physicists write them: `1.234(56)`, `11.98 +0.29 -0.26`.

The error keeps two significant digits and the value ends where its error does. An error of one or more keeps its
decimal point in the bracket, `11.7(2.5)`, so that nobody reads it as a count of last digits.
"""

import math

NOWHERE = "none"  # of a value that exists in no draw
ASYMMETRY = 0.15  # sides that differ by less are averaged into one error


def value_with_error(value: float, error: float) -> str:
    """Value with its error in a bracket; exponents outside 1e-4 ... 1e6 are split off.

    Args:
        value: the number.
        error: one standard deviation; NaN where it is not known.

    Returns:
        The text; "none" for a value that does not exist.

    Example:
        >>> value_with_error(1.234, 0.056), value_with_error(11.7, 2.5), value_with_error(1.23e-19, 4.5e-20)
        ('1.234(56)', '11.7(2.5)', '1.23(45)e-19')
    """
    if math.isnan(error) and math.isfinite(value):
        return f"{value:.6g} (error unknown)"
    if math.isnan(value):
        return NOWHERE
    if not (math.isfinite(value) and math.isfinite(error)):
        return f"{value:.4g}({error:.2g})"
    if error <= 0:
        return f"{value:.6g}"
    power = _exponent(max(abs(value), error))
    if not -4 <= power < 6:
        return f"{value_with_error(value / 10.0**power, error / 10.0**power)}e{power:+03d}"
    decimals = _decimals(error)
    rounded = round(error, decimals)
    bracket = f"{rounded:.{max(decimals, 0)}f}" if rounded >= 1 else f"{round(rounded * 10**decimals)}"
    return f"{round(value, decimals):.{max(decimals, 0)}f}({bracket})"


def value_with_sides(value: float, plus: float, minus: float) -> str:
    """Value with asymmetric errors, both with the digits of the smaller one.

    Args:
        value: the number.
        plus: error above, positive.
        minus: error below, positive.

    Example:
        >>> value_with_sides(11.98, 0.29, 0.26)
        '11.98 +0.29 -0.26'
    """
    if not (math.isfinite(value) and math.isfinite(plus) and math.isfinite(minus)) or min(plus, minus) <= 0:
        return f"{value:.4g} +{plus:.2g} -{minus:.2g}"
    power = _exponent(max(abs(value), plus, minus))
    if not -4 <= power < 6:
        scale = 10.0**power
        return f"({value_with_sides(value / scale, plus / scale, minus / scale)})e{power:+03d}"
    decimals = _decimals(min(plus, minus))
    places = max(decimals, 0)
    value, plus, minus = (round(number, decimals) for number in (value, plus, minus))
    return f"{value:.{places}f} +{plus:.{places}f} -{minus:.{places}f}"


def estimate(median: float, low: float, high: float) -> str:
    """A 68 % interval: an error in a bracket if it is symmetric, two sides if not.

    Args:
        median: of the distribution.
        low: its 16 % quantile.
        high: its 84 % quantile.
    """
    plus, minus = high - median, median - low
    if not abs(plus - minus) > ASYMMETRY * (plus + minus):
        return value_with_error(median, 0.5 * (plus + minus))
    return value_with_sides(median, plus, minus)


def _exponent(number: float) -> int:
    return math.floor(math.log10(number)) if number > 0 else 0


def _decimals(error: float) -> int:
    """Decimals that leave two significant digits of `error` (one digit more if rounding carries, 0.0996 -> 0.10)."""
    decimals = 1 - _exponent(error)
    return decimals - 1 if round(error, decimals) >= 10.0 ** (2 - decimals) else decimals
