"""The analysis of a config: masses and widths of quarkonium, and the complex potential behind them."""

from typing import Annotated, Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array
from retrodict.hadron.quarkonium.mock import mock_states
from retrodict.hadron.quarkonium.potentials import (
    COUPLING,
    MEV_FM,
    STRING_TENSION,
    ComplexPotential,
    GaussianProcessPotential,
    NeuralPotential,
)
from retrodict.hadron.quarkonium.spectrum import BOTTOM, InMediumSpectrum, Spectrum, mesh_for
from retrodict.hadron.quarkonium.states import QuarkoniumStates, read_states
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.covariance import Covariance
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import AbstractLikelihood, Gaussian, Independent
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity

REPORTED: Final = tuple(round(0.05 * i, 2) for i in range(1, 41))  # radii [fm]
HALF, ONE = REPORTED.index(0.5), REPORTED.index(1.0)
INSIDE: Final = 0.05  # probability beyond which a state does not probe a radius
FURTHEST: Final = (-1500.0, 4000.0)  # MeV, of a mass from twice the quark mass


class Rows(eqx.Module):
    """The masses or the widths of the rows of a table, out of those of all states at all temperatures."""

    warm: Int[Array, " rows"]  # number of the temperature of each row
    state: Int[Array, " rows"]  # number of its state
    name: str = eqx.field(static=True)  # mass or width

    def __call__(self, prediction: Spectrum) -> Float[Array, " rows"]:
        """The part of a prediction that these rows measured [MeV]."""
        return getattr(prediction, self.name)[self.warm, self.state]


class Derived(eqx.Module):
    """What is reported of a potential; the names are those of `quantities_of`."""

    temperatures: tuple[str, ...] = eqx.field(static=True)  # as in names
    states: tuple[str, ...] = eqx.field(static=True)  # 1S, ...
    points: int = eqx.field(static=True)  # of the mesh, ahead of the reported radii

    def __call__(self, unknown: ComplexPotential, prediction: Spectrum) -> dict[str, Array]:
        """Potentials, masses and widths by name."""
        real, loss = unknown.real[:, self.points :], unknown.imaginary[:, self.points :]
        return {
            "coupling": unknown.coupling,
            "string_tension": unknown.string_tension,
            "work_half_to_one_fm": real[:, ONE] - real[:, HALF],
            "imaginary_half_fm": loss[:, HALF],
            **{f"potential_real_{t}": real[i] for i, t in enumerate(self.temperatures)},
            **{f"potential_imaginary_{t}": loss[i] for i, t in enumerate(self.temperatures)},
            **{f"mass_{state}": prediction.mass[:, i] for i, state in enumerate(self.states)},
            **{f"width_{state}": prediction.width[:, i] for i, state in enumerate(self.states)},
        }


class Quarkonium(AbstractAnalysis):
    """Masses and thermal widths of heavy quarkonium at several temperatures, and the complex potential behind them.

    The radial Schroedinger equation with V_R - i V_I gives M = 2 m_Q + Re E and Gamma = -2 Im E. Source: Shi, Zhou,
    Zhao, Mukherjee, Zhuang, PRD 105 (2022) 014017.

    Args:
        quark_mass: m_Q [MeV], about 4676 for bottom and 1500 for charm.
        ansatz: the prior of the potential.
        columns: names and units of the columns of a table without a header.
    """

    quark_mass: Annotated[float, Field(ge=1000, le=10_000)] = eqx.field(default=BOTTOM, static=True)
    ansatz: GaussianProcessPotential | NeuralPotential = eqx.field(default=GaussianProcessPotential(), static=True)
    columns: str = eqx.field(default="", static=True)

    def posterior(self, data: PathLike | None) -> Posterior[ComplexPotential, Spectrum]:
        """The posterior of the complex potential.

        Args:
            data: the user's file; None: mock data of bottomonium.

        Raises:
            InputError: for a table that cannot be used, or masses that are not those of two such quarks.
        """
        states = mock_states() if data is None else read_states(data, self.columns or None)
        return self.posterior_of(states)

    def posterior_of(self, states: QuarkoniumStates) -> Posterior[ComplexPotential, Spectrum]:
        """The posterior for states that were read, or made.

        Args:
            states: masses and widths.

        Raises:
            InputError: for masses that are not those of two such quarks.
        """
        self._check(states)
        mesh = mesh_for(self.quark_mass)
        numbers = tuple((state.n, state.l) for state in states.states)
        forward = InMediumSpectrum(mesh, self.quark_mass, numbers)
        ansatz = self.ansatz.on(states.temperatures, np.concatenate([np.asarray(mesh.r), REPORTED]))
        names = tuple(f"{t:.6g}" for t in states.temperatures)
        derive = Derived(names, tuple(str(state) for state in states.states), len(mesh.r))
        return Posterior(
            ansatz,
            forward,
            likelihood_of(states),
            derive=derive,
            quantities=quantities_of(states, names),
            notes=(*states.notes, *_open(states, mesh, self.quark_mass)),
        )

    def _check(self, states: QuarkoniumStates) -> None:
        energy = states.mass - 2.0 * self.quark_mass
        bad = (energy < FURTHEST[0]) | (energy > FURTHEST[1])
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                "a mass that two quarks of this mass do not have",
                where="problem.analysis.quark_mass",
                got=f"{states.state[row]} of {states.mass[row]:g} MeV and quark_mass: {self.quark_mass:g}",
                expected=f"masses of {FURTHEST[0]:g} to {FURTHEST[1]:+g} MeV from 2 quark_mass",
                fix=f"quark_mass: {0.5 * float(np.median(states.mass)) - 150.0:.0f}, or masses in place of differences",
            )


def likelihood_of(states: QuarkoniumStates) -> AbstractLikelihood[Spectrum]:
    """Independent Gaussian errors of the masses and of those widths that were measured.

    Args:
        states: masses and widths.
    """
    warm = np.searchsorted(states.temperatures, states.temperature)
    number = np.array([states.states.index(state) for state in states.state])
    label = np.array([f"{state}, {t:g} MeV" for state, t in zip(states.state, states.temperature, strict=True)])
    terms = {}
    columns = (("mass", states.mass, states.mass_error), ("width", states.width, states.width_error))
    for name, value, error in columns:
        known = np.isfinite(value)
        if known.any():
            rows = Rows(jnp.asarray(warm[known]), jnp.asarray(number[known]), name)
            term = Gaussian(jnp.asarray(value[known]), Covariance.diagonal(error[known])).of(rows)
            terms[{"mass": "masses", "width": "widths"}[name]] = Labelled(term, tuple(label[known].tolist()))
    return Independent(terms)


def quantities_of(states: QuarkoniumStates, names: tuple[str, ...]) -> tuple[Quantity, ...]:
    """What `Derived` reports.

    Args:
        states: masses and widths.
        names: of the temperatures.
    """
    over_t = (tuple(states.temperatures.tolist()), "T", "MeV", "T")
    over_r = (REPORTED, "r", "fm", "r")
    return (
        Quantity("coupling", "", r"$\alpha$"),
        Quantity("string_tension", "GeV^2", r"$\sigma$"),
        Quantity("work_half_to_one_fm", "MeV", r"$V_R(1\,\mathrm{fm}) - V_R(0.5\,\mathrm{fm})$", *over_t),
        Quantity("imaginary_half_fm", "MeV", r"$V_I(0.5\,\mathrm{fm})$", *over_t),
        *(Quantity(f"potential_real_{t}", "MeV", rf"$V_R$ at {t} MeV", *over_r) for t in names),
        *(Quantity(f"potential_imaginary_{t}", "MeV", rf"$V_I$ at {t} MeV", *over_r) for t in names),
        *(Quantity(f"mass_{state}", "MeV", f"$M$({state})", *over_t) for state in states.states),
        *(Quantity(f"width_{state}", "MeV", rf"$\Gamma$({state})", *over_t) for state in states.states),
    )


def probed(states: QuarkoniumStates, mesh: LagrangeMesh, quark_mass: float) -> tuple[float, float]:
    """The radii between which the states live in the middle of the prior, all but 5 % at either end [fm].

    Args:
        states: whose states.
        mesh: of the quark mass.
        quark_mass: m_Q [MeV].
    """
    r, unit = np.asarray(mesh.r), HBAR_C**2 / quark_mass
    potential = (STRING_TENSION.median * MEV_FM * r - COUPLING.median * HBAR_C / r) / unit
    ends = []
    for state in states.states:
        matrix = np.asarray(mesh.kinetic) + np.diag(potential + state.l * (state.l + 1) / r**2)
        inside = np.cumsum(np.linalg.eigh(matrix)[1][:, state.n - 1] ** 2)
        ends.append(np.interp([INSIDE, 1.0 - INSIDE], inside, r))
    return float(np.min(ends)), float(np.max(ends))


def _open(states: QuarkoniumStates, mesh: LagrangeMesh, quark_mass: float) -> tuple[str, ...]:
    """What the data leave open."""
    low, high = probed(states, mesh, quark_mass)
    beyond = (
        f"the states live between r = {low:.2g} and {high:.2g} fm (all but 5 % at either end): elsewhere the potential"
        " is that of the prior"
    )
    losses = () if states.has_width.any() else ("no width was measured: the imaginary part is that of the prior",)
    return (beyond, *losses)
