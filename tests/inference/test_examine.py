"""Targets written by a user are looked at before anything is sampled; the error names the function."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.inference.infer import infer
from retrodict.inference.nuts import NUTS
from retrodict.lattice.theories.groups import SU3
from retrodict.lattice.theories.wilson import Wilson
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian, Independent
from retrodict.problem.non_gaussian import StudentT
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractTarget, Quantity
from tests.inference.exact import Identity

METHOD = NUTS(chains=2, warmup=20, draws=200)


class Own(AbstractTarget):
    """A normal density around 1, written without a fault."""

    @property
    def quantities(self):
        return (Quantity("x"), Quantity("both", grid=(0.0, 1.0)))

    def init(self, key):
        return jr.normal(key, (2,))

    def log_density(self, x):
        return -0.5 * jnp.sum((x - 1.0) ** 2)

    def derived(self, x):
        return {"x": x[0], "both": x}


class Single(Own):
    def init(self, key):
        return jr.normal(key, (2,), dtype=jnp.float32)

    def log_density(self, x):
        return super().log_density(x).astype(jnp.float32)


class Whole(Own):
    def init(self, key):
        return jnp.array([0, 1])


class Text(Own):
    def init(self, key):
        return jnp.array([True, False])


class Unsummed(Own):
    def log_density(self, x):
        return -0.5 * (x - 1.0) ** 2


class WithNumpy(Own):
    def log_density(self, x):
        return -0.5 * np.sum(np.asarray(x))


class Unnamed(Own):
    def derived(self, x):
        return {"y": x[0], "both": x}


class Bare(Own):
    def derived(self, x):
        return x[0]


class Long(Own):
    def derived(self, x):
        return {"x": x, "both": x}


class Strings(Own):
    @property
    def quantities(self):
        return ("x",)


class Twice(Own):
    @property
    def quantities(self):
        return (Quantity("x"), Quantity("x"))


class Reserved(Own):
    @property
    def quantities(self):
        return (Quantity("draw"),)


FAULTS = [
    (Text(), "init of Text", "bool"),
    (Unsummed(), "log_density of Unsummed", "shape (2,)"),
    (WithNumpy(), "log_density of WithNumpy", "TracerArrayConversionError"),
    (Unnamed(), "derived of Unnamed", "not derived: x"),
    (Bare(), "derived of Bare", "have no names"),
    (Long(), "derived of Long", "(2,)"),
    (Strings(), "quantities of Strings", "Quantity"),
    (Twice(), "quantities of Twice", "'x'"),
    (Reserved(), "quantities of Reserved", "'draw'"),
]


@pytest.mark.parametrize(("target", "function", "found"), FAULTS, ids=lambda value: type(value).__name__)
def test_a_fault_is_named_before_sampling(target, function, found, tmp_path):
    with pytest.raises(InputError) as error:
        infer(target, METHOD, path=tmp_path / "run", progress=False)
    assert function in str(error.value)
    assert found in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", [Single, Whole])
def test_starts_of_lower_precision_are_promoted(kind):
    result = infer(kind(), METHOD, progress=False)
    assert result.tree["posterior"]["x"].dtype == np.float64
    assert abs(result.quantities()["x"]["mean"] - 1.0) < 0.5


class Line(AbstractForward):
    """The unknown itself; or one that forgets to say whether it is valid."""

    forgets: bool = False

    def __call__(self, unknown):
        return unknown if self.forgets else (unknown, jnp.asarray(True))


DATA, NOISE = jnp.array([1.0, 1.5]), Covariance.diagonal(np.array([0.1, 0.2]))


MEASURED, IDENTITY = Gaussian(DATA, NOISE), Line()


def posterior(forward=IDENTITY, likelihood=MEASURED, derive=lambda u, p: {"x": u[0]}, latents=2):
    return Posterior(Identity(latents), forward, likelihood, derive=derive, quantities=(Quantity("x"),))


PARTS = [
    (posterior(Line(forgets=True)), "forward model Line"),
    (posterior(latents=3), "likelihood Gaussian"),
    (posterior(derive=lambda u, p: {"y": u[0]}), "derive of Posterior"),
    (posterior(derive=lambda u, p: {"x": u["x"]}), "derive of Posterior"),
    (posterior(likelihood=Gaussian(DATA, NOISE).of(lambda p: p["mass"])), "likelihood Selected"),
]


@pytest.mark.parametrize(("target", "part"), PARTS)
def test_of_a_posterior_the_part_is_named(target, part):
    with pytest.raises(InputError) as error:
        infer(target, METHOD, progress=False)
    assert part in str(error.value)


def test_data_that_are_not_finite_are_named():
    with pytest.raises(InputError, match="data number 1 is not finite"):
        Gaussian([1.0, np.nan], NOISE)
    with pytest.raises(InputError, match="data number 0 is not finite"):
        StudentT([np.inf, 1.0], [1.0, 1.0], 3.0)
    with pytest.raises(InputError, match="not equally many"):
        Gaussian([1.0], NOISE)


def test_data_of_other_likelihoods_are_looked_at_too(monkeypatch):
    monkeypatch.setattr("retrodict.problem.likelihood.check_data", lambda *_: None)
    data = Independent(a=Gaussian(DATA, NOISE), b=Gaussian(jnp.array([np.nan, 1.0]), NOISE))
    with pytest.raises(InputError, match=r"data number 0 is not finite \(b\)"):
        infer(posterior(likelihood=data), METHOD, progress=False)


def test_data_in_single_precision_and_whole_numbers_are_promoted():
    assert Gaussian(np.array([1, 2]), NOISE).mean.dtype == np.float64
    assert Gaussian(jnp.array([1.0, 2.0], dtype=jnp.float32), NOISE).mean.dtype == np.float64


@pytest.mark.parametrize("group", ["SU3", SU3, None])
def test_a_gauge_group_is_an_object(group):
    with pytest.raises(InputError, match="group of Wilson"):
        Wilson(group, (2, 2, 2, 2), 5.7)


def test_a_method_is_an_object():
    with pytest.raises(InputError, match=r"NUTS\(\)"):
        infer(Own(), NUTS, progress=False)
