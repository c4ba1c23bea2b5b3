"""The posterior of the masses of quasi-particles, from a lattice equation of state."""

from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Flag, Float, Positive, Scalar, Share
from retrodict.hadron.quasi_particles.ansatz import NetworkMasses, SmoothMasses, ThermalMasses
from retrodict.hadron.quasi_particles.gas import SPECIES
from retrodict.hadron.quasi_particles.mock import mock_table
from retrodict.hadron.quasi_particles.table import LatticeTable, read_table
from retrodict.hadron.quasi_particles.temperatures import Temperatures, temperatures
from retrodict.hadron.quasi_particles.thermodynamics import Masses, Matter, matter, viscosity
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian, Independent
from retrodict.problem.posterior import Posterior
from retrodict.problem.prior import LogNormal
from retrodict.problem.target import Quantity

SHOWN: Final = 64  # temperatures of the answer
ORDER: Final = ("entropy_density", "trace_anomaly", "pressure", "energy_density")  # which two are fitted, if more
FIRST_GUESS: Final = {"entropy_density": 0.16, "pressure": 1.0, "energy_density": 0.19, "trace_anomaly": 0.45}  # P of
PRESSURE_SPREAD: Final = 0.4  # of ln P at the lowest temperature
RATIO: Final = 1.5  # m_g / m_ud of high temperatures
DIFFERENCE: Final = 90.0  # MeV, m_s - m_ud there
HIGH: Final = 375.0  # MeV, 2.5 times 150 MeV, where the two are meant to hold
TITLES: Final = {
    "mass_gluon": (r"$m_g$", "MeV"),
    "mass_light": (r"$m_{ud}$", "MeV"),
    "mass_strange": (r"$m_s$", "MeV"),
    "entropy_density": (r"$s/T^3$", ""),
    "pressure": (r"$P/T^4$", ""),
    "energy_density": (r"$\epsilon/T^4$", ""),
    "trace_anomaly": (r"$(\epsilon - 3P)/T^4$", ""),
    "bag": (r"$B/T^4$", ""),
    "sound_speed_squared": (r"$c_s^2$", ""),
    "baryon_susceptibility": (r"$\chi_2^B$", ""),
    "strangeness_susceptibility": (r"$\chi_2^S$", ""),
    "shear_viscosity": (r"$\eta/s$", ""),
}


class Predicted(NamedTuple):
    """What is compared with the table, and with the prior of the ratios."""

    matter: Matter  # at the temperatures of the table
    ratios: Float[Array, " two"]  # m_g/m_ud and (m_s - m_ud)/(90 MeV), means over high temperatures


class Part(eqx.Module):
    """One quantity of a prediction, by name: a function that is equal to another of the same name."""

    name: str = eqx.field(static=True)

    def __call__(self, predicted: Predicted) -> Float[Array, " values"]:
        """The values of the quantity."""
        return predicted.ratios if self.name == "ratios" else getattr(predicted.matter, self.name)


class HotMatter(AbstractForward[Masses, Predicted]):
    """Quasi-particles in equilibrium, at the temperatures of a table and over high temperatures."""

    data: Temperatures
    shown: Temperatures

    def __call__(self, unknown: Masses) -> tuple[Predicted, Flag]:
        """The equation of state; there is one for all finite masses."""
        found = matter(unknown, self.data)
        mass = jnp.exp(unknown.log_mass @ self.shown.interpolation.T)
        high = self.shown.point > HIGH
        weight = high / jnp.maximum(jnp.sum(high), 1)
        ratios = jnp.stack([jnp.sum(weight * mass[0] / mass[1]), jnp.sum(weight * (mass[2] - mass[1])) / DIFFERENCE])
        return Predicted(found, ratios), jnp.all(jnp.isfinite(found.entropy_density))


class Answer(eqx.Module):
    """What is reported of masses: the equation of state, bag function and viscosity, and where that is least.

    Args:
        shown: the grid of the answer.
        crossover: T_c [MeV].
    """

    shown: Temperatures
    crossover: float = eqx.field(static=True)

    def __call__(self, unknown: Masses, _: Predicted) -> dict[str, Array]:
        """By the names of the quantities."""
        found = matter(unknown, self.shown)
        functions = {species.name: found.mass[i] for i, species in enumerate(SPECIES)}
        functions |= {name: getattr(found, name) for name in Matter._fields if name != "mass"}
        eta = viscosity(found, self.shown.point)
        place, least = _minimum(self.shown.point, eta)
        return {
            **functions,
            "shear_viscosity": eta,
            "least_viscosity": least,
            "least_viscosity_at": place / self.crossover,
        }


class QuasiParticles(AbstractAnalysis):
    """Masses of gluons, light and strange quarks over the temperature, from a lattice equation of state.

    Args:
        masses: the prior over the three functions.
        columns: names and units of the columns of a table without a header.
        susceptibilities: use chi2_B and chi2_S: those of the table, if it has them, or of the mock data. They tell
            strange from light quarks, and quarks from gluons.
        ratio_prior: relative width of a prior on m_g/m_ud = 3/2 and m_s - m_ud = 90 MeV, means over T > 375 MeV; none
            if None.
        crossover: T_c [MeV], in which the place of the least viscosity is reported.
        mock_error: relative errors of the mock data.
    """

    masses: SmoothMasses | NetworkMasses | ThermalMasses = SmoothMasses()
    columns: str = ""
    susceptibilities: bool = False
    ratio_prior: Share | None = None
    crossover: Positive = 154.0
    mock_error: Share = 0.01

    def posterior(self, data: PathLike | None) -> Posterior:
        """The posterior of the masses, given a table or the mock data."""
        if data is None:
            return self.given(mock_table(self.mock_error, susceptibilities=self.susceptibilities))
        return self.given(read_table(data, self.columns))

    def given(self, table: LatticeTable) -> Posterior:
        """The posterior of the masses, given a table that is already read.

        Args:
            table: values and errors by temperature.

        Raises:
            InputError: for susceptibilities that are asked for and missing, and for a prior of high temperatures that
                the table does not reach.
        """
        low, high = float(table.temperature[0]), float(table.temperature[-1])
        at = temperatures(low, high, table.temperature)
        shown = temperatures(low, high, np.geomspace(low * (1 + 1e-12), high * (1 - 1e-12), SHOWN))
        fitted = self._fitted(table)
        terms = {name: _gaussian(table.value[name], table.error[name]).of(Part(name)) for name in fitted}
        if self.ratio_prior is not None:
            if high <= HIGH:
                got = f"a table up to {high:g} MeV"
                expected = f"temperatures above {HIGH:g} MeV"
                raise InputError("no high temperatures for the prior of the ratios", got=got, expected=expected)
            ratios = np.array([RATIO, 1.0])
            terms["ratio_prior"] = _gaussian(ratios, self.ratio_prior * ratios).of(Part("ratios"))
        quantities = (*quantities_of(shown), *NUMBERS)
        return Posterior(
            self.masses.on(at, pressure_prior(table)),
            HotMatter(at, shown),
            Independent(terms),
            derive=Answer(shown, self.crossover),
            quantities=quantities,
            notes=(*table.notes, *self._notes(table, fitted)),
        )

    def _fitted(self, table: LatticeTable) -> tuple[str, ...]:
        """Two functions of the equation of state at most, since they determine the others; and susceptibilities."""
        state = [name for name in ORDER if name in table.value][:2]
        more = tuple(name for name in table.value if name.endswith("susceptibility")) if self.susceptibilities else ()
        if self.susceptibilities and not more:
            fix = "add the columns chi2_B, chi2_B_error, chi2_S, chi2_S_error, or susceptibilities: false"
            raise InputError("the table has no susceptibilities", where=table.path, fix=fix)
        if not state:
            fix = "add the columns s/T^3, s/T^3_error"
            raise InputError("the table has susceptibilities, but no equation of state", where=table.path, fix=fix)
        return (*state, *more)

    def _notes(self, table: LatticeTable, fitted: tuple[str, ...]) -> tuple[str, ...]:
        words = [name.replace("_", " ") for name in fitted]
        notes = [
            f"{', '.join(words)}: errors are taken as independent; a lattice derives all of them from one trace"
            " anomaly, so that errors at neighbouring temperatures may be correlated"
        ]
        left = [name.replace("_", " ") for name in table.value if name not in fitted]
        if left:
            notes.append(
                f"not fitted, since what is fitted determines it, or because it was not asked for: {', '.join(left)}"
            )
        if not self.susceptibilities:
            notes.append(
                "an equation of state fixes one combination of the three masses at each temperature; single masses are"
                " as wide as the prior leaves them (see the section on what the data fix)"
            )
        if self.ratio_prior is not None:
            notes.append("the mass ratios at high temperature are a prior (ratio_prior), not a measurement")
        return tuple(notes)


NUMBERS: Final = (
    Quantity("least_viscosity", "", r"$(\eta/s)_{min}$"),
    Quantity("least_viscosity_at", "", r"$T/T_c$ of the least $\eta/s$"),
)


def quantities_of(shown: Temperatures) -> tuple[Quantity, ...]:
    """The functions that are reported, on the grid of the answer.

    Args:
        shown: the grid.
    """
    grid = tuple(np.asarray(shown.point).tolist())
    return tuple(Quantity(name, unit, label, grid, "$T$", "MeV", "T") for name, (label, unit) in TITLES.items())


def pressure_prior(table: LatticeTable) -> LogNormal:
    """P/T^4 at the lowest temperature, known up to a factor of 1.5: from the table, by the ratios of hadronic matter.

    Args:
        table: the data.
    """
    name = next(name for name in ("pressure", *ORDER) if name in table.value)
    return LogNormal(max(FIRST_GUESS[name] * float(table.value[name][0]), 1e-3), PRESSURE_SPREAD)


def _gaussian(value: Float[np.ndarray, " values"], error: Float[np.ndarray, " values"]) -> Gaussian:
    return Gaussian(jnp.asarray(value), Covariance.diagonal(error))


def _minimum(point: Float[Array, " points"], value: Float[Array, " points"]) -> tuple[Scalar, Scalar]:
    """Place and height of the least value: of the parabola through it and its neighbours in ln T."""
    i = jnp.clip(jnp.argmin(value), 1, len(value) - 2)
    x, (before, here, after) = jnp.log(point), (value[i - 1], value[i], value[i + 1])
    step, bend = x[1] - x[0], before - 2 * here + after
    shift = jnp.where(bend > 0, jnp.clip(0.5 * (before - after) / jnp.where(bend > 0, bend, 1.0), -1.0, 1.0), 0.0)
    return jnp.exp(x[i] + shift * step), here - 0.25 * (before - after) * shift
