r"""Constraints from theory on matter itself, below and above the densities that stars probe.

`PressureBand` is a calculated band of the pressure at low density, as from chiral effective field theory.
`Reachability` asks whether perturbative QCD at a large chemical potential can be reached at all. With $n = dp/d\mu$,
stable and causal matter has $d\ln n/d\ln\mu = 1/c_s^2 \ge 1$, so that $n/\mu$ never falls (at a first-order transition
it jumps up). Between a state L of the star and the state H of perturbative QCD it stays in $[n_L/\mu_L, n_H/\mu_H]$,

$$\frac{n_L}{\mu_L}\,\frac{\mu_H^2-\mu_L^2}{2} \;\le\; p_H - p_L \;\le\; \frac{n_H}{\mu_H}\,\frac{\mu_H^2-\mu_L^2}{2}.$$

Both ends are reached: c_s^2 = 1 all the way and then a jump of n, or first the jump. Source: Komoltsev, Kurkela, PRL
128, 202701 (2022). Both likelihoods use `Prediction.matter`.
"""

from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.scipy.special import log_ndtr

from retrodict.base.columns import read_columns, take
from retrodict.base.constants import SATURATION_DENSITY
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.table_rows import Columns
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.forward import Prediction
from retrodict.neutron_star.units import NUMBER_DENSITY, PRESSURE
from retrodict.problem.bounded import residual_of_bounded
from retrodict.problem.covariance import Covariance
from retrodict.problem.likelihood import AbstractLikelihood, Gaussian

BAND_DENSITIES = (0.05, 0.5)  # fm^-3, of a calculated band
_Rows: TypeAlias = Float[np.ndarray, " rows"]


class PressureBand(AbstractLikelihood):
    """A Gaussian band of the pressure at given densities; the errors of neighbouring densities are correlated.

    `read_pressure_band` reads one from a table.
    """

    density: Float[Array, " rows"]  # fm^-3
    pressure: Gaussian  # MeV fm^-3, data and covariance

    @property
    def data(self) -> Float[Array, " rows"]:
        return self.pressure.data

    @property
    def log_peak(self) -> Scalar:
        return self.pressure.log_peak

    def residual(self, prediction: Prediction) -> Float[Array, " rows"]:
        """Whitened misfit, one entry a mode of the correlated errors."""
        return self.pressure.residual(self._of(prediction))

    def pulls(self, prediction: Prediction) -> Float[Array, " rows"]:
        """The residual itself."""
        return self.residual(prediction)

    def pointwise(self, prediction: Prediction) -> Float[Array, " rows"]:
        return self.pressure.pointwise(self._of(prediction))

    def sample(self, key: Key, prediction: Prediction) -> Float[Array, " rows"]:
        """A band around the pressure of `prediction`."""
        return self.pressure.sample(key, self._of(prediction))

    def resample(self, key: Key) -> Float[Array, " rows"]:
        """The centre of the band with its error added once more."""
        return self.pressure.resample(key)

    def with_data(self, data: Float[Array, " rows"]) -> "PressureBand":
        """Another centre of the band."""
        return type(self)(self.density, self.pressure.with_data(data))

    def _of(self, prediction: Prediction) -> Float[Array, " rows"]:
        return _matter(prediction)(jnp.log(self.density)).pressure


class Reachability(AbstractLikelihood):
    r"""The probability that stable, causal matter leads from the star to perturbative QCD.

    $$\log L = \log\Phi\Big(\frac{p_H - p_{min}}{\sigma_p}\Big) +
      \log\Phi\Big(\frac{p_{max}-p_H}{\sqrt{\sigma_p^2 + (\partial p_{max}/\partial n_H)^2\sigma_n^2}}\Big)$$

    with the bounds above: a constraint softened by the errors of (n_H, p_H), each end by itself, and no density of
    data. It tends to one where H is reachable.

    Example:
        >>> import jax.numpy as jnp
        >>> Reachability(jnp.array([6.5, 3800.0]), jnp.array([0.4, 1000.0]), 2600.0).fitted_positions
        2
    """

    state: Float[Array, " 2"]  # n_H [fm^-3], p_H [MeV fm^-3]
    error: Float[Array, " 2"]  # their standard deviations
    chemical_potential: float = eqx.field(static=True)  # mu_H [MeV], of baryon number
    matching: float | None = eqx.field(
        static=True, default=None
    )  # n_sat, of the state L; None: the centre of the heaviest star

    @property
    def data(self) -> Float[Array, " 2"]:
        return self.state

    @property
    def log_peak(self) -> Scalar:
        return jnp.zeros(())

    @property
    def fitted_positions(self) -> int:
        """Both: a constraint that is met counts as no datum."""
        return 2

    def residual(self, prediction: Prediction) -> Float[Array, " 2"]:
        """sqrt(-2 log probability) of the lower and of the upper bound."""
        return residual_of_bounded(log_ndtr(self._margins(prediction)), 0.0)

    def pulls(self, prediction: Prediction) -> Float[Array, " 2"]:
        """By how many errors each bound is broken, negative; 0 where it is not."""
        return jnp.minimum(self._margins(prediction), 0.0)

    def sample(self, key: Key, prediction: Prediction) -> Float[Array, " 2"]:
        """A pressure anywhere between the bounds, with its error; the density with its own."""
        place, noise = jr.split(key)
        low, high = self._range(prediction)
        true = jr.uniform(place, minval=jnp.minimum(low, high), maxval=jnp.maximum(low, high))
        return jnp.stack([self.state[0], true]) + self.error * jr.normal(noise, (2,))

    def resample(self, key: Key) -> Float[Array, " 2"]:
        """The state H with its errors added once more."""
        return self.state + self.error * jr.normal(key, (2,))

    def with_data(self, data: Float[Array, " 2"]) -> "Reachability":
        """Another state H."""
        return type(self)(data, self.error, self.chemical_potential, self.matching)

    def _margins(self, prediction: Prediction) -> Float[Array, " 2"]:
        """How far p_H lies above the lower and below the upper bound, in errors."""
        low, high = self._range(prediction)
        slope = (high - self._lower_state(prediction)[2]) / self.state[0]  # p_max - p_L is proportional to n_H
        sigma = jnp.stack([self.error[1], jnp.hypot(self.error[1], slope * self.error[0])])
        return jnp.stack([self.state[1] - low, high - self.state[1]]) / sigma

    def _range(self, prediction: Prediction) -> tuple[Scalar, Scalar]:
        """Least and greatest p_H [MeV fm^-3]."""
        mu, density, pressure = self._lower_state(prediction)
        low, high = pressure_gain(mu, density, jnp.asarray(self.chemical_potential), self.state[0])
        return pressure + low, pressure + high

    def _lower_state(self, prediction: Prediction) -> tuple[Scalar, Scalar, Scalar]:
        """mu_L [MeV], n_L [fm^-3] and p_L [MeV fm^-3]."""
        matching = None if self.matching is None else jnp.asarray(self.matching * SATURATION_DENSITY)
        density = prediction.heaviest.central_density if matching is None else matching
        state = _matter(prediction)(jnp.log(density)[None])
        energy, pressure = state.energy_density[0], state.pressure[0]
        return (energy + pressure) / density, density, pressure


def pressure_gain(mu_low: Scalar, n_low: Scalar, mu_high: Scalar, n_high: Scalar) -> tuple[Scalar, Scalar]:
    """The least and the greatest p_H - p_L [MeV fm^-3] between two states; see above.

    The least exceeds the greatest where n_H / mu_H < n_L / mu_L: no stable, causal matter joins such states.

    Args:
        mu_low: baryon chemical potential of the lower state [MeV].
        n_low: its baryon density [fm^-3].
        mu_high: baryon chemical potential of the upper state [MeV].
        n_high: its baryon density [fm^-3].

    Example:
        >>> import jax.numpy as jnp
        >>> low, high = pressure_gain(*(jnp.asarray(x) for x in (1500.0, 0.8, 2600.0, 6.5)))
        >>> round(float(low), 1), round(float(high), 1)
        (1202.7, 5637.5)
    """
    half = 0.5 * (mu_high**2 - mu_low**2)
    return n_low / mu_low * half, n_high / mu_high * half


def read_pressure_band(path: PathLike, sigmas: float = 1.0, correlation: float = 1.0) -> PressureBand:
    r"""Read a band from a table with the columns baryon_density, pressure_low and pressure_high.

    Low and high are the mean minus and plus `sigmas` standard deviations of the pressure [MeV fm^-3] of matter in beta
    equilibrium at n [fm^-3]. Errors at n and n' are correlated by $\exp(-|\ln n/n'|/\ell)$, so that more rows are not
    more data.

    Args:
        path: table with named columns.
        sigmas: half-width of the band in standard deviations.
        correlation: correlation length l in ln n.

    Raises:
        InputError: unless densities rise within 0.05 ... 0.5 fm^-3 and 0 < low < high.

    Example:
        >>> import pathlib, tempfile
        >>> header = "baryon_density [fm^-3], pressure_low [MeV fm^-3], pressure_high [MeV fm^-3]"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "band.csv")
        ...     _ = path.write_text("\n".join([header, "0.1, 0.8, 1.0", "0.2, 3.0, 5.0"]))
        ...     read_pressure_band(path).density.tolist()
        [0.1, 0.2]
    """
    table = read_columns(path)
    density = take(table, ("baryon_density", "density", "n"), NUMBER_DENSITY)
    low, high = (take(table, (f"pressure_{side}",), PRESSURE) for side in ("low", "high"))
    _check_band(table, density, low, high)
    error = 0.5 * (high - low) / sigmas
    distance = np.abs(np.log(density[:, None] / density))
    covariance = Covariance.full(np.outer(error, error) * np.exp(-distance / correlation))
    return PressureBand(jnp.asarray(density), Gaussian(jnp.asarray(0.5 * (low + high)), covariance))


def _check_band(
    table: Columns,
    density: Float[np.ndarray, " rows"],
    low: Float[np.ndarray, " rows"],
    high: Float[np.ndarray, " rows"],
) -> None:
    least, most = BAND_DENSITIES
    rules = [
        ((density < least) | (density > most), "baryon_density", "is out of range", f"{least:g} to {most:g} fm^-3"),
        (np.diff(density, prepend=0.0) <= 0, "baryon_density", "does not rise", "rows in order of density"),
        (low <= 0, "pressure_low", "is not positive", "a pressure above 0"),
        (high <= low, "pressure_high", "is not above pressure_low", "pressure_low < pressure_high"),
    ]
    for bad, name, what, expected in rules:
        if bad.any():
            row = int(np.argmax(bad))
            got = repr(float(table[name][row])) if name in table else ""
            raise InputError(f"{name} {what}", where=table.where(row, name), got=got, expected=expected)


def _matter(prediction: Prediction) -> EquationOfState:
    if prediction.matter is None:
        what = "a likelihood looks at matter, which the forward model does not hand on"
        raise InputError(what, fix="Stars(matter=True)")
    return prediction.matter
