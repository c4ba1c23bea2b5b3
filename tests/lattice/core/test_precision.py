"""Single precision stays single: a field that is silently doubled costs twice, and does not run at all in a loop."""

import jax
import jax.random as jr
import numpy as np
import pytest

from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.model import Density
from retrodict.generate.symmetrised import Symmetrised
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.gauge_flow import GaugeFlow
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.models.u1.training import U1Diffusion
from retrodict.lattice.samplers.methods import HMC, MALA, Cluster, HeatBath, Langevin
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.paths import double_well
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.theories.spins import XY
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.compiled import Compiled

SINGLE = {
    "phi4": Phi4((4, 4), 0.27, 0.022, precision=32),
    "phi4 continuum": ContinuumPhi4((4, 4), -1.0, 8.0, precision=32),
    "XY": XY((4, 4), 1.0, precision=32),
    "double well": double_well(8, 0.2, 1.0, precision=32),
    "U(1)": Wilson(U1(), (4, 4), 2.0, precision=32),
    "SU(2)": Wilson(SU2(), (4, 4), 2.0, precision=32),
    "SU(3)": Wilson(SU3(), (4, 4), 6.0, precision=32),
}


@pytest.mark.parametrize("name", SINGLE)
def test_action_and_force_have_the_precision_of_the_field(name: str):
    theory = SINGLE[name]
    x = jax.eval_shape(theory.hot, jr.key(0))
    assert np.finfo(x.dtype).bits == 32
    assert np.finfo(jax.eval_shape(theory.action, x).dtype).bits == 32
    assert np.finfo(jax.eval_shape(theory.gradient, x).dtype).bits == 32


CHAINS = {
    **{f"{method.__name__}, {name}": (name, method) for method in (HMC,) for name in SINGLE},
    **{f"{method.__name__}, {name}": (name, method) for method in (MALA, Langevin) for name in ("phi4", "SU(3)")},
    **{f"HeatBath, {name}": (name, HeatBath) for name in ("SU(2)", "SU(3)")},
    **{f"Cluster, {name}": (name, Cluster) for name in ("phi4", "XY")},
}


@pytest.mark.parametrize("case", CHAINS)
def test_a_step_of_a_chain_keeps_the_precision_of_its_field(case: str):
    name, method = CHAINS[case]
    compiled = Compiled(SINGLE[name], method(chains=2), jr.key(0), 4)  # traces a step, compiles nothing
    assert np.finfo(compiled.state_structure.field.dtype).bits == 32


MODELS = {
    "phi4": (EquivariantFlow(), CheckerboardFlow(), ScalarDiffusion(), Autoregressive(), Symmetrised()),
    "double well": (EquivariantFlow(), MatsubaraFlow()),
    "XY": (Autoregressive(),),
    "U(1)": (SharedFlux(), GaugeFlow(), U1Diffusion(), Autoregressive()),
}


@pytest.mark.parametrize(("name", "recipe"), [(name, one) for name, those in MODELS.items() for one in those])
def test_a_draw_of_a_model_and_its_density_have_the_precision_of_the_field(name: str, recipe):
    model = recipe.on(SINGLE[name], jr.key(0))
    x, log_prob = jax.eval_shape(model.sample, jr.key(1))
    assert np.finfo(x.dtype).bits == 32
    assert np.finfo(log_prob.dtype).bits == 32
    if model.density is Density.EXACT:
        assert np.finfo(jax.eval_shape(model.log_prob, x).dtype).bits == 32
