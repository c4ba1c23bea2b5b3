"""The classical way to the same answer: a running coupling of three parameters in the masses of high temperatures."""

from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.figure import Figure, Line, Panel, band_of
from retrodict.base.section import Cell, Run, Section, Table
from retrodict.base.types import Array, Key
from retrodict.hadron.quasi_particles.analysis import Answer, HotMatter, Predicted
from retrodict.hadron.quasi_particles.ansatz import AbstractMasses, ThermalMasses
from retrodict.hadron.quasi_particles.thermodynamics import Masses
from retrodict.inference.least_squares import minimise
from retrodict.problem.likelihood import AbstractLikelihood
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

STARTS = 3
ITERATIONS = 120
NAMES = ("mass_gluon", "mass_light", "mass_strange", "entropy_density", "pressure", "shear_viscosity")
TEXT = (
    "The same table, described by m_g^2 = 3/4 g^2 T^2, m_ud^2 = 1/3 g^2 T^2 and a coupling that runs as at one loop,"
    " with the scale, a shift of the temperature and a factor of the coupling as parameters (Peshier et al. 1996,"
    " Plumari et al. 2011). It is made for temperatures above T_c, and has the ratio 3/2 of the masses built in."
)


def baselines(result: "Result", target: Posterior, *, run: Run | None = None) -> Section:
    """The classical parametrisation of the same data beside the posterior.

    Args:
        result: of the run.
        target: its posterior.
        run: its directory; not needed.

    Raises:
        InputError: for the result of another analysis.
    """
    derived, classical = thermal_fit(target)
    best = jnp.asarray(result.tree["fit"].dataset["best"].values)
    found = target.forward_pass(best)
    ours = chi_squared(target.likelihood, found.prediction)
    rows: list[tuple[Cell, ...]] = [("this posterior, best fit", *ours.values(), *_viscosity(target.derived(best)))]
    rows.append(("running coupling", *classical.values(), *_viscosity(derived)))
    head = ("Masses", *(f"chi2 {name.replace('_', ' ')}" for name in ours), "least eta/s", "at T/T_c")
    panels = []
    for name in NAMES:
        band = result.band(name)
        limits = None
        if name == "shear_viscosity":
            limits = (0.0, 6 * float(np.min(band["median"])))
        layers = (band_of(band, "posterior"), Line(band["x"], np.asarray(derived[name]), "running coupling", "second"))
        panels.append(Panel("$T$", result.label(name), layers, "MeV", result.unit(name), y_limits=limits))
    caption = "Bands of the posterior, and the classical parametrisation."
    figure = Figure("classical", "The classical parametrisation", caption, tuple(panels), columns=3)
    return Section("methods", "The classical parametrisation", TEXT, Table(head, tuple(rows)), (figure,))


def thermal_fit(target: Posterior) -> tuple[dict[str, Array], dict[str, float]]:
    """The best fit of the classical parametrisation: derived quantities, and chi-squared by term.

    Args:
        target: the posterior whose data are fitted.

    Raises:
        InputError: for the posterior of another analysis.
    """
    at, masses, answer = target.forward, target.ansatz, target.derive
    if not (isinstance(masses, AbstractMasses) and isinstance(answer, Answer) and isinstance(at, HotMatter)):
        raise InputError("this is not the posterior of quasi-particles")
    ansatz = ThermalMasses(answer.crossover).on(at.data, masses.pressure)
    problem: Posterior[Masses, Predicted] = Posterior(ansatz, at, target.likelihood, derive=answer)

    @eqx.filter_jit
    def descend(problem: Posterior, key: Key) -> tuple[Array, Array]:
        descent = minimise(problem, problem.init(key), iterations=ITERATIONS, temperature=100.0)
        return descent.position, descent.cost

    @eqx.filter_jit
    def at_best(problem: Posterior, z: Array) -> tuple[dict[str, Array], Predicted]:
        found = problem.forward_pass(z)
        return problem.derived_from(found), found.prediction

    found = [descend(problem, key) for key in jr.split(jr.key(0), STARTS)]
    z, _ = min(found, key=lambda one: float(one[1]))
    derived, prediction = at_best(problem, z)
    return derived, chi_squared(problem.likelihood, prediction)


def chi_squared(likelihood: AbstractLikelihood, prediction: Predicted) -> dict[str, float]:
    """chi2 over the number of data, by term.

    Args:
        likelihood: a product of terms.
        prediction: of the forward model.
    """
    pulls = {name: np.asarray(term.pulls(prediction)) for name, term in likelihood.terms.items()}
    return {name: float(f"{np.mean(values**2):.4g}") for name, values in pulls.items()}


def _viscosity(derived: dict[str, Array]) -> tuple[float, float]:
    return float(f"{derived['least_viscosity']:.4g}"), float(f"{derived['least_viscosity_at']:.4g}")
