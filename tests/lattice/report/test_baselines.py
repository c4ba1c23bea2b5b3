"""Independent draws as a rival of any run of U(1) in the plane: exact answers, ln Z, and the fault that would show."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.generate.model import Density
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.lattice.models.u1.flux import SharedFlux, UniformLinks
from retrodict.lattice.report.baselines import assess, baselines, run_for
from retrodict.lattice.samplers.independent import Independent, Kept
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.diagnostic import pick
from retrodict.run.loop import advance

LINKS = Wilson(U1(), (4, 4), 7.0)
RIVAL = "shared flux"


METHOD = Independent(SharedFlux(), steps=60)


@pytest.fixture(scope="module")
def finished():
    return advance(LINKS, METHOD, seed=1)


@pytest.mark.parametrize("fault", [None, "weights"])
def test_independent_draws_are_exact_with_their_weights_and_only_with_them(finished, fault):
    """Plaquette, loops and chi_t within 3.5 standard errors; without weights chi_t is five off, or more."""
    kept: Kept = finished.history
    history = kept if fault is None else kept._replace(log_weight=jnp.zeros_like(kept.log_weight))
    found = assess(LINKS, RIVAL, METHOD.finish(LINKS, finished.state, history), 1.0)
    pulls = {name: one.deviation or 0.0 for name, one in found.numbers().items() if name in LINKS.exact_values()}
    assert {"plaquette", "W22", "chi_t"} <= set(pulls)
    if fault:
        assert abs(pulls["chi_t"]) > 5
        return
    assert max(map(abs, pulls.values())) < 3.5
    evidence = pick(Evidence, found.diagnostics)
    ln_z, error = evidence.log_evidence, evidence.log_evidence_error
    assert abs(ln_z - exact.u1_log_partition(7.0, 16)) < 3.5 * error


def test_a_run_of_independent_draws_may_end_after_any_number_of_them():
    """In one second it comes far enough, in none it does not; its cost is that of an effective draw."""
    found = run_for(LINKS, RIVAL, Independent(SharedFlux(), steps=100), seconds=1.0)
    size = found.numbers()["Q2"].effective_size
    assert size is not None
    assert 0.5 * 20 * 256 < size <= 100 * 256
    assert found.cost("Q2") == pytest.approx(found.seconds / size)
    assert run_for(LINKS, RIVAL, Independent(SharedFlux()), seconds=0.0).estimates == ()


def test_the_shared_flux_stands_beside_every_run_of_links_in_the_plane_but_its_own():
    assert RIVAL in baselines(LINKS, "HMC", {"winding": True})
    assert RIVAL in baselines(LINKS, "IndependenceMetropolis", {"model": "GaugeFlow()"})
    assert RIVAL not in baselines(LINKS, "IndependenceMetropolis", {"model": str(SharedFlux())})
    for other in (Wilson(SU2(), (4, 4), 2.0), Wilson(U1(), (4, 4, 4), 2.0), Phi4((4, 4), 0.2, 0.02)):
        assert RIVAL not in baselines(other)


class Silent(UniformLinks):
    """A model that knows nothing of its density."""

    density: ClassVar[Density] = Density.UNKNOWN


class Secretive:
    """Its recipe."""

    def on(self, target, key):
        return Silent(None, target.cold())


def test_what_a_model_does_not_draw_and_what_has_no_weights_is_refused():
    with pytest.raises(InputError, match="two dimensions"):
        Independent(SharedFlux()).check(Wilson(U1(), (4, 4, 4), 2.0))
    with pytest.raises(InputError, match="no weights"):
        Independent(Secretive()).check(LINKS)


def test_weights_say_how_many_of_the_draws_are_effective(finished):
    found = METHOD.finish(LINKS, finished.state, finished.history)
    weight = np.exp(found.log_weight - np.max(found.log_weight))
    assert found.log_weight.shape == (1, 60 * 256)
    assert pick(ImportanceWeights, found.diagnostics).weight_ess == pytest.approx(
        np.sum(weight) ** 2 / np.sum(weight**2)
    )
