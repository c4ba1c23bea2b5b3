"""The classical way and the other ansatz on the same data: one table, one figure."""

from typing import TYPE_CHECKING, Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float

from retrodict.base.figure import Figure, Line, Panel, Role, band_of
from retrodict.base.section import Run, Section, Table
from retrodict.hadron.quarkonium.analysis import Quarkonium
from retrodict.hadron.quarkonium.classical import fit_screened
from retrodict.hadron.quarkonium.potentials import (
    ComplexPotential,
    GaussianProcessPart,
    GaussianProcessPotential,
    NeuralPotential,
)
from retrodict.hadron.quarkonium.report import IMAGINARY, REAL, temperatures_of
from retrodict.hadron.quarkonium.setup import setup_of
from retrodict.inference.least_squares import LevenbergMarquardt
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

STEPS: Final = 60  # of the search for the other ansatz
ROLES: Final[tuple[Role, ...]] = ("second", "third", "fourth")
TEXT: Final = (
    "The same masses and widths by least squares with a screened Cornell potential and the loss of hard thermal loops:"
    " one Debye mass m a temperature (that at the lowest and at the highest is listed), and the strength of the loss"
    " either that of hard thermal loops or free at every temperature; beside them the most probable potential of the"
    " other ansatz. Distance: root mean square to the posterior median between 0.15 and 1 fm over all temperatures."
    " Inside: the part of these radii that lies in the 95 % band."
)


class Found(NamedTuple):
    """What another method makes of the data."""

    name: str
    potential: ComplexPotential
    chi2: float
    freedom: float | None = None  # data minus parameters
    debye_mass: Float[np.ndarray, " temperatures"] | None = None  # MeV


def baselines(result: "Result", target: Posterior, *, run: Run | None = None) -> Section:
    """Fit the potentials of the literature, and the other ansatz, to the data of a posterior.

    Args:
        result: of a run.
        target: its posterior.
        run: where the files of the run lie; not needed.
    """
    points = len(target.likelihood.residual(target.forward(target.unknown(jnp.zeros(target.dim)))[0]))
    fits = [
        ("hard thermal loops", fit_screened(target, strength=False)),
        ("screened, loss free", fit_screened(target, strength=True)),
    ]
    found = [Found(name, fit.potential, fit.chi2, points - fit.parameters, fit.debye_mass) for name, fit in fits]
    found.append(other_ansatz(target))
    rows = []
    for one in found:
        distances = [_distance(result, target, one.potential, prefix) for prefix in (REAL, IMAGINARY)]
        cells = [cell for far, inside in distances for cell in (far, f"{inside:.0%}")]
        mass = None if one.debye_mass is None else " ... ".join(f"{m:.0f}" for m in one.debye_mass[[0, -1]])
        rows.append((one.name, one.chi2, one.freedom, mass, *cells))
    head = ("Method", "chi2", "dof", "$m$ [MeV]", "Distance $V_R$ [MeV]", "Inside", "Distance $V_I$ [MeV]", "Inside ")
    potentials = [(one.name, one.potential) for one in found]
    return Section("methods", "Other methods", TEXT, Table(head, tuple(rows)), (_figure(result, target, potentials),))


def other_ansatz(target: Posterior) -> Found:
    """The most probable potential of the ansatz that a posterior does not have.

    Args:
        target: of this analysis.
    """
    is_process = isinstance(target.ansatz, GaussianProcessPart)
    ansatz = NeuralPotential() if is_process else GaussianProcessPotential()
    setup = setup_of(target)
    other = Quarkonium(setup.forward.quark_mass, ansatz).posterior_of(setup.data)
    solver = LevenbergMarquardt()
    zero = jnp.asarray(0.0)
    step = eqx.filter_jit(lambda problem, state: solver.step(problem, state, None, zero, jnp.asarray(1.0)))
    state = solver.init(other, other.init(jr.key(0)))
    for _ in range(STEPS):
        state = step(other, state)
        if bool(state.stopped):
            break
    found = other.forward_pass(state.position)
    chi2 = float(jnp.sum(other.likelihood.residual(found.prediction) ** 2))
    return Found("network" if is_process else "Gaussian process", found.unknown, chi2)


def _values(target: Posterior, potential: ComplexPotential, prefix: str) -> Float[np.ndarray, "temperatures radii"]:
    points = setup_of(target).derive.points
    return np.asarray(potential.real if prefix == REAL else potential.imaginary)[:, points:]


def _distance(result: "Result", target: Posterior, potential: ComplexPotential, prefix: str) -> tuple[float, float]:
    """Root mean square to the posterior median, and the share inside its 95 % band, where states probe it."""
    values = _values(target, potential, prefix)
    squares, inside = [], []
    for row, t in zip(values, setup_of(target).derive.temperatures, strict=True):
        band = result.band(prefix + t)
        near = (band["x"] > 0.149) & (band["x"] < 1.001)
        squares.append(np.mean((row - band["median"])[near] ** 2))
        inside.append(np.mean(((row > band["q2_5"]) & (row < band["q97_5"]))[near]))
    return float(np.sqrt(np.mean(squares))), float(np.mean(inside))


def _figure(result: "Result", target: Posterior, found: list[tuple[str, ComplexPotential]]) -> Figure:
    """Real and imaginary part at the lowest and the highest temperature."""
    names = temperatures_of(result)
    panels = []
    for t in (names[0], names[-1]):
        for prefix, label in ((REAL, "$V_R$"), (IMAGINARY, "$V_I$")):
            band = result.band(prefix + t)
            row = setup_of(target).derive.temperatures.index(t)
            lines = tuple(
                Line(band["x"], _values(target, potential, prefix)[row], name, role=role)
                for (name, potential), role in zip(found, ROLES, strict=True)
            )
            shown = (band["x"] >= 0.1) & (band["x"] <= 1.5)
            limits = (float(np.min(band["q2_5"][shown])), float(np.max(band["q97_5"][shown])))
            layers = (band_of(band, label="posterior"), *lines)
            panels.append(Panel("$r$", f"{label} at {t} MeV", layers, "fm", "MeV", y_limits=limits))
    caption = "Posterior bands, and the methods of the table."
    return Figure("methods", "Other methods", caption, tuple(panels))
