"""Independence Metropolis with generative models against exact answers, whatever the quality of the model; planted
faults; resuming."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from retrodict.base.errors import InputError, Interrupted
from retrodict.base.types import Array, Key, PyTree, Scalar
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.generate.saved import inspect, load_model, save_model
from retrodict.generate.spectrum import GaussianField, fit_gaussian_field, white_noise_field
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.io.saved_configurations import saved_configurations
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.trained import Trained
from retrodict.lattice.samplers.guided import GuidedHMC
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY
from retrodict.run.directory import RunDirectory
from retrodict.run.loop import advance

SMALL = Phi4((2, 2), 0.27, 0.022)
RING = exact.phi4_two_by_two(0.27, 0.022)
WANTED = {name: RING[name] for name in ("phi2", "V_M2", "action_density")} | {"log_evidence": RING["ln_Z"]}
GATHER = HMC(chains=32, warmup=60, draws=120)
FIT = Train(steps=200, batch=64, learning_rate=Cosine(2e-2, 1e-3), every=50)
POLISH = Train(steps=30, batch=32, learning_rate=Cosine(5e-3, 1e-3), every=10)
RECIPE = EquivariantFlow(lengths=(0.0, 1.0), harmonics=4, knots=3, steps=8, fitting_steps=4)


class Gaussian(AbstractModel):
    """A Gaussian field of the measured spectrum, stretched; nothing to learn. With faults to plant."""

    density: ClassVar[Density] = Density.EXACT
    weights: PyTree
    base: GaussianField
    stretch: float = eqx.field(static=True)
    forgotten: float = eqx.field(static=True)  # of the logarithm of the Jacobian, where the field is large
    shift: float = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        x = self.stretch * self.base.sample(key) + self.shift
        return Sample(x, self.log_prob(x))

    def log_prob(self, x: Array) -> Scalar:
        z = (x - self.shift) / self.stretch
        return self.base.log_prob(z) - x.size * jnp.log(self.stretch) + self.forgotten * jnp.mean(x**2)

    def loss(self, x: Array, key: Key) -> Scalar:
        return jnp.zeros(())

    def initialise_from(self, examples: Array) -> "Gaussian":
        return eqx.tree_at(lambda m: m.base, self, fit_gaussian_field(examples))


@dataclass(frozen=True)
class Stretched:
    """The recipe of the model above."""

    stretch: float = 1.0
    forgotten: float = 0.0
    shift: float = 0.0
    density: Density = Density.EXACT

    def on(self, target, key: Key) -> AbstractModel:
        model = Gaussian(
            jnp.zeros(1), white_noise_field(target.shape, np.dtype(float)), self.stretch, self.forgotten, self.shift
        )
        return model if self.density is Density.EXACT else Silent(*(getattr(model, n) for n in vars(model)))


class Silent(Gaussian):
    density: ClassVar[Density] = Density.UNKNOWN


def untrained(recipe, **more) -> IndependenceMetropolis:
    return IndependenceMetropolis(recipe, GATHER, None, None, **{"chains": 32, "draws": 1000, "batch": 2000, **more})


def deviations(result) -> dict[str, float]:
    found = result.diagnostics
    return {name: (found[name] - value) / found[f"{name}_error"] for name, value in WANTED.items()}


@pytest.fixture(scope="module")
def trained():
    method = IndependenceMetropolis(RECIPE, GATHER, FIT, POLISH, chains=32, draws=500, batch=1000)
    return infer(SMALL, method, seed=3), method


def test_a_trained_flow_gives_exact_answers_with_ln_z(trained):
    """Within 3.5 standard errors of at most 2 %, from chains without memory to speak of; both trainings pay."""
    result, _ = trained
    found = result.diagnostics
    assert max(map(abs, deviations(result).values())) < 3.5
    for name, value in WANTED.items():
        assert found[f"{name}_error"] < 0.02 * abs(value)
    assert found["ess"] > 0.9
    assert abs(found["ess_of_data"] - found["ess"]) < 0.05
    assert found["V_M2_tau"] < 1
    assert found["density_mismatch"] < 0.01
    assert len(found["fit_loss_history"]) == 4
    assert len(found["reverse_kl_validation_history"]) == 3
    assert found["model_density"] == "exact"


@pytest.mark.parametrize("stretch", [1.0, 0.4])
def test_configurations_that_a_model_hardly_draws_are_found_among_those_held_out(stretch):
    """Its own weights cannot tell: a Gaussian of 0.4 times the width draws the middle only, and thinks that is all."""
    result = infer(SMALL, untrained(Stretched(stretch)), seed=8)
    found = result.diagnostics
    assert found["held_out"] == 128
    assert (found["ess_of_data"] < 0.5 * found["ess"]) == (stretch < 1)
    assert (found["uncovered"] > 0.01) == (stretch < 1)
    assert (result.verdict.status == "FAIL") == (stretch < 1)
    assert any(
        "configurations held out lie" in text.replace("lies", "lie")
        for text in (*result.verdict.reasons, *result.verdict.notes)
    )


def test_a_diffusion_model_is_fitted_at_once_within_a_run_and_corrected_exactly():
    """No gradient descent: the fit in closed form is the last step of gathering. The long tail costs two per cent."""
    gather = HMC(chains=128, warmup=60, draws=240)
    method = IndependenceMetropolis(
        ScalarDiffusion(knots=8, steps=24), gather, None, None, chains=32, draws=500, batch=1000
    )
    result = infer(SMALL, method, seed=6)
    found = result.diagnostics
    assert max(map(abs, deviations(result).values())) < 3.5
    assert found["ess"] > 0.97
    assert found["density_mismatch"] < 0.01


def test_the_verdict_tells_of_the_data_and_of_both_signs(trained):
    result, _ = trained
    assert result.diagnostics["raw_imbalance"] < 4
    assert any("both signs alike" in note for note in result.verdict.notes)
    assert "data_V_M2_tau" in result.diagnostics


@pytest.mark.parametrize("fault", [None, "jacobian"])
def test_a_bad_model_is_corrected_until_it_is_exact_and_a_wrong_jacobian_is_not(fault):
    """ESS about 0.05: raw answers are 30 standard errors off, corrected ones within 3.5; the twin fails by 5."""
    recipe = Stretched(stretch=2.8, forgotten=0.0 if fault is None else 0.1)
    result = infer(SMALL, untrained(recipe, draws=2000, batch=4000), seed=4)
    found = result.diagnostics
    assert 0.02 < found["ess"] < 0.12
    largest = max(map(abs, deviations(result).values()))
    assert (largest < 3.5) if fault is None else (largest > 5)
    assert abs(found["raw_V_M2"] - WANTED["V_M2"]) > 30 * found["raw_V_M2_error"]


def test_a_model_that_prefers_one_sign_is_caught_and_said_so():
    result = infer(SMALL, untrained(Stretched(shift=0.3)), seed=5)
    assert result.diagnostics["raw_imbalance"] > 4
    assert any("one sign more often" in reason for reason in result.verdict.reasons)
    assert max(map(abs, deviations(result).values())) < 3.5  # it is corrected all the same


def test_training_data_that_have_not_thermalised_are_said_to_be_so_and_do_no_harm():
    hasty = HMC(chains=32, warmup=0, draws=16, cold=0.0)
    result = infer(
        SMALL, IndependenceMetropolis(Stretched(), hasty, None, None, chains=32, draws=1000, batch=4000), seed=6
    )
    assert not result.diagnostics["data_thermalised"]
    assert any("still depended on its start" in note for note in result.verdict.notes)
    assert max(map(abs, deviations(result).values())) < 3.5


def test_an_interrupted_run_resumes_bit_by_bit_in_every_stage(tmp_path):
    short = Train(steps=4, batch=8, every=2)
    recipe = EquivariantFlow(lengths=(0.0,), harmonics=2, knots=2, steps=2, fitting_steps=1)
    method = IndependenceMetropolis(
        recipe, HMC(chains=4, warmup=1, draws=4), short, short, chains=4, draws=16, batch=36, every=2
    )
    assert method.lengths == {"gather": 5, "fit": 2, "reverse_kl": 2, "draw": 2}
    whole = advance(SMALL, method, seed=7, chunk=4)
    directory = RunDirectory(tmp_path / "run")
    for resume in (False, True):  # after four steps and after eight: in the first stage and in the third
        with pytest.raises(Interrupted):
            advance(SMALL, method, seed=7, directory=directory, resume=resume, max_time=0.0, chunk=4)
    resumed = advance(SMALL, method, seed=7, directory=directory, resume=True, chunk=4)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(resumed), strict=True):
        if eqx.is_array(a) and not jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            assert_array_equal(a, b)


# --- proposals mixed into a chain -------------------------------------------------------------------------------------


def model_of(recipe=None) -> AbstractModel:
    x = jax.vmap(SMALL.hot)(jr.split(jr.key(0), 200))
    return (recipe or Stretched()).on(SMALL, jr.key(0)).initialise_from(1.4 * x)


class Forgetful(Gaussian):
    """A fault: of its draws it knows the density, of no other configuration."""

    def sample(self, key):
        x, _ = super().sample(key)
        return Sample(x, super().log_prob(x))

    def log_prob(self, x):
        return jnp.zeros(())


@pytest.mark.parametrize("kind", [Gaussian, Forgetful])
def test_proposals_of_a_model_between_trajectories_keep_the_chain_exact(kind):
    """And a fault shows: log q of the present configuration forgotten."""
    model = model_of()
    model = kind(*(getattr(model, name) for name in vars(model)))
    found = infer(SMALL, GuidedHMC(chains=128, warmup=50, draws=300, model=model), seed=8).diagnostics
    pulls = [(found[n] - WANTED[n]) / found[f"{n}_error"] for n in ("phi2", "V_M2", "action_density")]
    assert (max(map(abs, pulls)) < 3.5) == (kind is Gaussian)
    if kind is Gaussian:
        assert 0.05 < found["acceptance_of_Proposal"] < 0.9


def test_a_model_without_a_density_is_refused_by_both():
    silent = Stretched(density=Density.UNKNOWN)
    with pytest.raises(InputError, match="unknown density"):
        infer(SMALL, untrained(silent), seed=0)
    with pytest.raises(InputError, match="exact density"):
        infer(SMALL, GuidedHMC(model=model_of(silent)), seed=0)
    with pytest.raises(InputError, match="configuration"):
        AbstractModel.log_prob(model_of(silent), SMALL.cold())


@pytest.mark.parametrize(
    ("method", "match"),
    [
        (IndependenceMetropolis(RECIPE, None, FIT), "needs some"),
        (IndependenceMetropolis(RECIPE, GATHER, Train(steps=10, every=4)), "last step"),
        (IndependenceMetropolis(RECIPE, GATHER, FIT, draws=2), "no such independence chains"),
        (IndependenceMetropolis(RECIPE, HMC(draws=4), FIT), "too few configurations"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(method, match):
    with pytest.raises(InputError, match=match):
        method.check(SMALL)


def test_flows_over_the_whole_line_are_refused_for_angles():
    with pytest.raises(InputError, match="unbounded"):
        IndependenceMetropolis(RECIPE, GATHER, FIT).check(XY((4, 4), 1.0))


# --- models on disk ---------------------------------------------------------------------------------------------------


def test_a_saved_model_comes_back_and_refuses_another_action_or_volume_by_the_fields_that_differ(tmp_path):
    path, model = tmp_path / "model.npz", RECIPE.on(SMALL, jr.key(0))
    save_model(path, model, RECIPE, SMALL)
    again = load_model(path, RECIPE, SMALL)
    assert_array_equal(again.log_prob(SMALL.cold()), model.log_prob(SMALL.cold()))
    with pytest.raises(InputError, match="kappa differ") as refusal:
        load_model(path, RECIPE, Phi4((2, 2), 0.5, 0.022))
    assert "kappa=0.27" in str(refusal.value)
    assert "kappa=0.5" in str(refusal.value)
    with pytest.raises(InputError, match="lam, precision, shape differ"):
        load_model(path, RECIPE, Phi4((4, 4), 0.27, 0.1, precision=32))
    with pytest.raises(InputError, match="another recipe: harmonics"):
        load_model(path, EquivariantFlow(lengths=(0.0, 1.0), harmonics=5, knots=3, steps=8, fitting_steps=4), SMALL)
    said = inspect(path)
    told = said["kind"], said["target"]["kappa"], said["recipe"]["kind"]
    assert told == ("retrodict model", 0.27, "EquivariantFlow")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    for read in (inspect, lambda path: load_model(path, RECIPE, SMALL)):
        with pytest.raises(InputError, match="damaged"):
            read(path)


def test_a_run_keeps_its_model_and_its_last_configurations_and_another_run_goes_on_from_there(
    tmp_path,
):
    method = IndependenceMetropolis(RECIPE, GATHER, FIT, chains=16, draws=50, batch=128)
    first = infer(SMALL, method, seed=3, path=tmp_path / "run", progress=False)
    fields = saved_configurations(tmp_path / "run", SMALL)
    assert fields is not None
    ends = np.asarray(first.tree["posterior"]["phi2"])[:, -1]
    np.testing.assert_allclose(np.mean(fields**2, axis=(1, 2)), ends, rtol=1e-12)
    trained = Trained(tmp_path / "run" / "model.npz", RECIPE)
    again = infer(
        SMALL, IndependenceMetropolis(trained, None, None, chains=16, draws=50, batch=128), seed=4, progress=False
    )
    assert again.diagnostics["ess"] > 0.9 * first.diagnostics["ess"]
    assert "data_phi2" not in again.diagnostics
    with pytest.raises(InputError, match="kappa differ"):
        infer(Phi4((2, 2), 0.2, 0.022), IndependenceMetropolis(trained, None, None), progress=False)
