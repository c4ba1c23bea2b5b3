"""Single precision stays single: a field that is silently doubled costs twice, and does not run at all in a loop."""

import jax
import jax.random as jr
import numpy as np
import pytest

from retrodict.lattice.groups import SU2, SU3, U1
from retrodict.lattice.paths import double_well
from retrodict.lattice.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.spins import XY
from retrodict.lattice.wilson import Wilson

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
