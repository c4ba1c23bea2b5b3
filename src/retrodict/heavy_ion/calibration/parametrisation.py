r"""What the parameters of a simulator mean: viscosities and the speed of sound as functions of temperature and energy.

The viscosities are those of `viscosity`, the speed of sound that of Pratt et al., PRL 114 (2015) 202301.

An emulator learns faster from the viscosities on a few temperatures than from the parameters of the curves, of which
very different ones give the same curve where it matters: `Features` is the map.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.domains import did_you_mean
from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.heavy_ion.viscosity import BULK, SHEAR, bulk_viscosity, shear_viscosity

Column: TypeAlias = str | float | None  # of a design; or one number for all points; None: known by its usual names
REPORTED: Final = tuple(round(0.13 + 0.01 * i, 2) for i in range(28))  # GeV, 0.13 ... 0.40
NODES: Final = tuple(np.linspace(0.135, 0.4, 10).round(6).tolist())  # GeV: viscosities of the features
HOT: Final = 1.5  # GeV: no temperature of a kink or a peak is larger
ENERGY: Final = tuple(np.geomspace(0.2, 20.0, 25).round(6).tolist())  # GeV fm^-3, of the speed of sound

USUAL: Final[Mapping[str, tuple[str, ...]]] = {  # lower-case
    "shear_kink_temperature": ("eta_over_s_t_kink_in_gev", "eta_over_s_t_kink", "t_kink", "etas_t_kink"),
    "shear_low_slope": ("eta_over_s_low_t_slope_in_gev", "eta_over_s_low_t_slope", "a_low", "etas_low_slope"),
    "shear_high_slope": ("eta_over_s_high_t_slope_in_gev", "eta_over_s_high_t_slope", "a_high", "etas_high_slope"),
    "shear_at_kink": ("eta_over_s_at_kink", "eta_over_s_kink", "etas_kink", "kink"),
    "bulk_maximum": ("zeta_over_s_max", "zetas_max", "zmax"),
    "bulk_temperature": ("zeta_over_s_t_peak_in_gev", "zeta_over_s_t_peak", "zetas_t0", "t_zeta"),
    "bulk_width": ("zeta_over_s_width_in_gev", "zeta_over_s_width", "zetas_width", "w_zeta"),
    "bulk_asymmetry": ("zeta_over_s_lambda_asymm", "zeta_over_s_asymmetry", "zetas_lambda", "lambda_zeta"),
}
TEMPERATURES: Final = ("shear_kink_temperature", "bulk_temperature", "bulk_width")  # in GeV
FUNCTIONS: Final = {"eta_over_s": r"$\eta/s$", "zeta_over_s": r"$\zeta/s$", "sound_speed_squared": "$c_s^2$"}


@dataclass(frozen=True)
class JetscapeViscosity:
    """The viscosities of JETSCAPE: a kink in eta/s, a skewed Cauchy peak in zeta/s.

    Each field names a column of the design, or is one number for all points; left out, the column is found by the names
    that public designs give it. Where a design has none of the columns of a viscosity, it has no such curve.

    Args:
        shear_kink_temperature: T of the kink [GeV].
        shear_low_slope: slope of eta/s below it [1/GeV].
        shear_high_slope: slope above it [1/GeV].
        shear_at_kink: eta/s there.
        bulk_maximum: largest zeta/s.
        bulk_temperature: T where it is largest [GeV].
        bulk_width: width of the peak [GeV].
        bulk_asymmetry: -1 ... 1, the part by which the upper side is wider.
    """

    shear_kink_temperature: Column = None
    shear_low_slope: Column = None
    shear_high_slope: Column = None
    shear_at_kink: Column = None
    bulk_maximum: Column = None
    bulk_temperature: Column = None
    bulk_width: Column = None
    bulk_asymmetry: Column = None


@dataclass(frozen=True)
class PrattSoundSpeed:
    """The speed of sound of Pratt et al., PRL 114 (2015) 202301, above a hadron gas that ends at `energy` [GeV fm^-3].

    Args:
        slope: column of X', 0.5 ... 5; left out, a column called `x_prime` or `xprime`.
        ratio: column of R, -0.9 ... 2; left out, a column called `r_eos` or `pratt_r`.
        energy: energy density where it joins the hadron gas [GeV fm^-3].
        hadron_gas: c_s^2 there.
    """

    slope: Column = None
    ratio: Column = None
    energy: float = 0.33
    hadron_gas: float = 0.15


def sound_speed_squared(
    energy: Float[Array, " energies"], slope: Scalar, ratio: Scalar, *, low: float, hadron_gas: float
) -> Float[Array, " energies"]:
    r"""$c_s^2(e) = c_h^2 + (\frac13 - c_h^2)\frac{X_0 x + x^2}{X_0 x + x^2 + X'^2}$: from a hadron gas to 1/3.

    With $x = \ln(e/e_h)$ and $X_0 = X' R\sqrt{12}\,c_h$; at $x = 0$ it is $c_h^2$, at large $x$ 1/3, and positive
    between for R > -0.9.

    Args:
        energy: e [GeV fm^-3], at least `low`.
        slope: X'.
        ratio: R.
        low: e_h [GeV fm^-3].
        hadron_gas: c_h^2.
    """
    x = jnp.log(jnp.maximum(energy, low) / low)
    rise = slope * ratio * np.sqrt(12.0 * hadron_gas) * x + x**2
    return hadron_gas + (1.0 / 3.0 - hadron_gas) * rise / (rise + slope**2)


class Curve(NamedTuple):
    """Where the parameters of a curve come from."""

    columns: tuple[int, ...]  # of the design, -1 for a number
    numbers: tuple[float, ...]  # in place of a column

    def at(self, parameters: Vector, names: Sequence[str]) -> dict[str, Scalar]:
        """The parameters of the curve by name.

        Args:
            parameters: of the simulator.
            names: of those of the curve.
        """
        found = zip(names, self.columns, self.numbers, strict=True)
        return {name: jnp.asarray(number) if column < 0 else parameters[column] for name, column, number in found}


class Curves(eqx.Module):
    """The functions that the parameters of a simulator stand for; None for those that they do not have."""

    shear: Curve | None = eqx.field(static=True)
    bulk: Curve | None = eqx.field(static=True)
    sound: Curve | None = eqx.field(static=True)
    low: float = eqx.field(static=True)  # GeV fm^-3, of the equation of state
    hadron_gas: float = eqx.field(static=True)

    def viscosities(self, parameters: Vector, temperature: Float[Array, " temperatures"]) -> dict[str, Array]:
        """eta/s and zeta/s, as far as the parameters have them.

        Args:
            parameters: of the simulator.
            temperature: T [GeV].
        """
        found = {}
        if self.shear is not None:
            found["eta_over_s"] = shear_viscosity(temperature, self.shear.at(parameters, SHEAR))
        if self.bulk is not None:
            found["zeta_over_s"] = bulk_viscosity(temperature, self.bulk.at(parameters, BULK))
        return found

    def reported(self, parameters: Vector) -> dict[str, Array]:
        """The functions on the grids on which they are reported.

        Args:
            parameters: of the simulator.
        """
        found = self.viscosities(parameters, jnp.asarray(REPORTED))
        if self.sound is not None:
            at = self.sound.at(parameters, ("slope", "ratio"))
            found["sound_speed_squared"] = sound_speed_squared(
                jnp.asarray(ENERGY), at["slope"], at["ratio"], low=self.low, hadron_gas=self.hadron_gas
            )
        return found

    @property
    def used(self) -> set[int]:
        """The columns that are parameters of a viscosity."""
        return {column for curve in (self.shear, self.bulk) if curve for column in curve.columns if column >= 0}


def curves_of(
    names: Sequence[str], viscosity: JetscapeViscosity, sound: PrattSoundSpeed | None, values: Float[np.ndarray, "p n"]
) -> Curves:
    """Find the columns of a design that are parameters of a curve.

    Args:
        names: of the columns.
        viscosity: what the user says of them.
        sound: the same of the equation of state; None if it has none.
        values: the design.

    Raises:
        InputError: for a column that the design does not have, a curve of which a part is missing, temperatures that
            are none in GeV.
    """
    lower = [name.lower() for name in names]
    found: dict[str, float | int | None] = {}
    for one in fields(viscosity):
        found[one.name] = _column(getattr(viscosity, one.name), USUAL[one.name], names, lower, f"viscosity.{one.name}")
    shear, bulk = (_curve(found, group) for group in (SHEAR, BULK))
    for name in TEMPERATURES:
        place = found[name]
        if isinstance(place, int) and (np.abs(values[:, place]) > HOT).any():
            got = f"{names[place]} up to {np.abs(values[:, place]).max():g}"
            fix = "temperatures of the viscosities are in GeV: divide by 1000"
            raise InputError("a temperature that is none in GeV", where=f"column {names[place]}", got=got, fix=fix)
    pratt = None
    if sound is not None:
        usual = {"slope": ("x_prime", "xprime"), "ratio": ("r_eos", "pratt_r")}
        places = {k: _column(getattr(sound, k), usual[k], names, lower, f"sound.{k}") for k in usual}
        pratt = _curve(places, tuple(usual))
        if pratt is None:
            fix = "sound: {kind: PrattSoundSpeed, slope: COLUMN, ratio: COLUMN}"
            raise InputError(
                "the design has no parameters of the speed of sound", where="problem.analysis.sound", fix=fix
            )
    low, gas = (sound.energy, sound.hadron_gas) if sound else (0.33, 0.15)
    return Curves(shear, bulk, pratt, low, gas)


def _column(
    said: Column, usual: Sequence[str], names: Sequence[str], lower: Sequence[str], field: str
) -> float | int | None:
    """The number of a column, a number for all points (as a float), or None."""
    if isinstance(said, str):
        if said not in names:
            got, fix = repr(said), did_you_mean(said, list(names))
            where = f"problem.analysis.{field}"
            raise InputError("the design has no such column", where=where, got=got, fix=fix or ", ".join(names[:20]))
        return list(names).index(said)
    if said is not None:
        return float(said)
    return next((lower.index(name) for name in usual if name in lower), None)


def _curve(found: Mapping[str, float | int | None], group: Sequence[str]) -> Curve | None:
    """The sources of a curve; None where the design has none of its columns."""
    places = [found[name] for name in group]
    if not any(isinstance(one, int) for one in places):
        return None
    missing = [name for name, one in zip(group, places, strict=True) if one is None]
    if missing:
        fix = f"name their columns, or give a number: --set {missing[0]}=COLUMN"
        raise InputError("a curve lacks some of its parameters", where="the design", got=", ".join(missing), fix=fix)
    columns = tuple(one if isinstance(one, int) else -1 for one in places)
    numbers = tuple(float(one) if isinstance(one, float) else 0.0 for one in places)
    return Curve(columns, numbers)


class Features(eqx.Module):
    """What an emulator is given: plain parameters, and viscosities on ten temperatures in place of theirs.

    All are centred and scaled to the design.

    Args:
        curves: the viscosities.
        plain: columns that are parameters of no viscosity.
        centre: mean of each feature over the design.
        scale: its standard deviation.
    """

    curves: Curves
    plain: tuple[int, ...] = eqx.field(static=True)
    centre: Float[Array, " features"]
    scale: Float[Array, " features"]

    def __call__(self, parameters: Vector) -> Float[Array, " features"]:
        """The features of a point.

        Args:
            parameters: of the simulator, shape (parameters,).
        """
        return (raw_features(self.curves, self.plain, parameters) - self.centre) / self.scale


def raw_features(curves: Curves, plain: tuple[int, ...], parameters: Vector) -> Float[Array, " features"]:
    """Features without centre and scale.

    Args:
        curves: the viscosities.
        plain: columns that are parameters of no viscosity.
        parameters: of the simulator.
    """
    viscosities = curves.viscosities(parameters, jnp.asarray(NODES))
    return jnp.concatenate([parameters[jnp.array(plain, dtype=int)], *viscosities.values()])
