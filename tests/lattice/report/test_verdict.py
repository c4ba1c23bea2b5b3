"""In a broken phase the sign of the field is a matter of chance: the verdict says so, and fails for slow modes only."""

import equinox as eqx
import jax.numpy as jnp
import pytest

from retrodict.inference.infer import infer
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories.phi4 import Phi4

SIGN = "the sign of M"


def run(kappa: float, cold: float):
    """kappa as an array: one compilation serves both phases."""
    theory = eqx.tree_at(lambda action: action.kappa, Phi4((8, 8), kappa, 0.022), jnp.asarray(kappa))
    result = infer(theory, HMC(chains=16, warmup=100, draws=200, cold=cold), seed=3)
    assert result.diagnostics["thermalised"]
    return result.verdict, result.diagnostics


@pytest.mark.parametrize("cold", [0.5, 1.0])
def test_chains_that_never_change_sign_are_a_warning_whether_or_not_they_agree(cold: float):
    """Half of them ordered: signs are mixed, and R-hat of M is huge. All ordered: R-hat of M is one, and <M> wrong.

    |M| forgets its start within a trajectory, and lies where an independent program finds it: no reason to fail.
    """
    verdict, facts = run(0.5, cold)
    assert verdict.status == "WARN"
    assert any(f"{SIGN} never flipped: mode coverage was not checked" in reason for reason in verdict.reasons)
    assert facts["sign_changes"] == {"M": 0}
    assert facts["rhat_worst"] != "M"
    assert facts["abs_M"] == pytest.approx(4.82998, abs=4 * facts["abs_M_error"])


def test_nothing_is_said_of_a_sign_that_changes_freely():
    """The twin, in the symmetric phase."""
    verdict, facts = run(0.2, 0.5)
    assert not any(SIGN in text for text in (*verdict.reasons, *verdict.notes))
    assert facts["sign_changes"]["M"] > 200
