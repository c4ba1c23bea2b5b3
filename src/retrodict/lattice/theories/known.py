"""What is known of an action without sampling it, by the name of the observable: symmetries, sums, transfer matrices.

Only what holds in the very volume of the action counts; where a formula is of infinite volume, it is left out unless
the correction is far below any error.
"""

from collections.abc import Callable
from typing import Final

from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.theories import reference
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson

NEGLIGIBLE: Final = 1e-6


def exact_values(action: AbstractAction) -> dict[str, float]:
    """Exact expectation values of observables and functions of means of this action; empty if none is known."""
    square = len(action.shape) == 2 and len(set(action.shape)) == 1
    if isinstance(action, ContinuumPhi4):
        return {"M": 0.0}
    if isinstance(action, Phi4):
        return {"M": 0.0, **(_ring(float(action.kappa), float(action.lam)) if action.shape == (2, 2) else {})}
    if isinstance(action, Ising):
        solved = square and action.shape[0] > 2 and action.coupling > 0
        energy = {"energy": reference.ising_energy(action.shape[0], float(action.coupling))} if solved else {}
        return {"M": 0.0, **energy}
    if isinstance(action, XY):
        return {"cos": reference.xy_bond(float(action.beta))} if action.shape == (2, 2) else {}
    if isinstance(action, Wilson) and len(action.shape) == 2:
        return _plane(action)
    return _path(action) if isinstance(action, FeynmanPath) else {}


def _ring(kappa: float, lam: float) -> dict[str, float]:
    found = reference.phi4_two_by_two(kappa, lam)
    return {name: found[name] for name in ("phi2", "V_M2", "action_density")}


def _plane(action: Wilson) -> dict[str, float]:
    """Two-dimensional gauge theory on a torus."""
    beta, volume = float(action.beta), action.volume
    if beta <= 0:
        return {}
    if isinstance(action.group, U1):
        loops = {f"W{n}{n}": reference.u1_wilson_loop(beta, volume, n * n) for n in range(2, action.loops + 1)}
        charge = {"Q": 0.0, "chi_t": reference.u1_susceptibility(beta, volume)}
        return {"plaquette": reference.u1_plaquette(beta, volume), **loops, **charge}
    formula: Callable[[float], float] = (
        reference.su2_plaquette if isinstance(action.group, SU2) else reference.su3_plaquette
    )
    plaquette = formula(beta)
    return {"plaquette": plaquette} if volume * plaquette**volume < NEGLIGIBLE else {}


def _path(action: FeynmanPath) -> dict[str, float]:
    """By the transfer matrix, if two grids agree; V is even, hence <x> = 0."""
    potential = reference.even_potential(action.coefficients)
    sites, spacing = action.shape[0], float(action.spacing)
    coarse = reference.path_moments(sites, spacing, potential, 300, 6.0)
    fine = reference.path_moments(sites, spacing, potential, 500, 9.0)
    agree = {n for n in ("x2", "x4") if abs(coarse[n] - fine[n]) < NEGLIGIBLE * abs(fine[n])}
    return {"x": 0.0, **{name: fine[name] for name in sorted(agree)}}
