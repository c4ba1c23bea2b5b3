r"""Likelihoods: what the data say of a prediction, normalised, and as a whitened residual.

Every likelihood here obeys one identity,

$$\log p(\text{data}\mid\text{prediction}) = \ell_0 - \tfrac12 |r(\text{prediction})|^2 ,$$

with a constant $\ell_0$, `log_peak`. For a Gaussian it is the definition of the residual. For any other likelihood that
is bounded, term by term, by $e^{\ell_i}$, the residual $r_i = \sqrt{2(\ell_i - \log L_i)}$ has it too, so that
Gauss-Newton, Laplace and manifold sampling serve marginalised and one-sided likelihoods unchanged.
"""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.problem.covariance import Covariance


def residual_of_bounded(log_prob: Float[Array, "..."], bound: Float[Array, "..."] | float) -> Float[Array, "..."]:
    """`sqrt(2 (bound - log_prob))`, with a finite slope where a term touches its bound to rounding."""
    gap = 2 * (bound - log_prob)
    safe = jnp.where(gap > 1e-24, gap, 1.0)
    return jnp.where(gap > 1e-24, jnp.sqrt(safe), 0.0)


class AbstractLikelihood(eqx.Module):
    """p(data | prediction)."""

    @property
    @abstractmethod
    def data(self) -> Any:
        """The data as a pytree of arrays: what `sample` draws and `with_data` replaces."""

    @property
    @abstractmethod
    def log_peak(self) -> Scalar:
        """The constant of the identity above."""

    @property
    @abstractmethod
    def nuisances(self) -> int:
        """How many positions the `pulls` have been fitted to, beside the latents: they cost degrees of freedom."""

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each of the `pulls`, for figures and tables; empty where they have none (see `Labelled`)."""
        return ()

    @abstractmethod
    def residual(self, prediction: Any) -> Float[Array, " terms"]:
        """Whitened residual: minus twice the log-likelihood is its square, up to `log_peak`."""

    @abstractmethod
    def pulls(self, prediction: Any) -> Float[Array, " pulls"]:
        """(prediction - data) / error for chi-squared tables and figures, at best-fit nuisances."""

    @abstractmethod
    def sample(self, key: Key, prediction: Any) -> Any:
        """Mock data, as if `prediction` were true."""

    @abstractmethod
    def resample(self, key: Key) -> Any:
        """The data with noise added once more."""

    @abstractmethod
    def with_data(self, data: Any) -> "AbstractLikelihood":
        """The same experiment with other data."""

    def log_prob(self, prediction: Any) -> Scalar:
        """Normalised log p(data | prediction)."""
        return self.log_peak - 0.5 * jnp.sum(self.residual(prediction) ** 2)

    def __add__(self, other: "AbstractLikelihood") -> "Independent":
        """Independent data on the same prediction."""
        return Independent((*_terms(self), *_terms(other)))


class Gaussian(AbstractLikelihood):
    """Normal errors with a known covariance."""

    mean: Float[Array, " points"]
    covariance: Covariance

    @property
    def data(self) -> Float[Array, " points"]:
        return self.mean

    @property
    def log_peak(self) -> Scalar:
        return -0.5 * (self.covariance.log_determinant + self.covariance.rank * jnp.log(2 * jnp.pi))

    @property
    def nuisances(self) -> int:
        return 0

    def residual(self, prediction: Float[Array, " points"]) -> Float[Array, " rank"]:
        """Whitened misfit, one entry a mode of the covariance."""
        return self.covariance.whiten(prediction - self.mean)

    def pulls(self, prediction: Float[Array, " points"]) -> Float[Array, " rank"]:
        """The residual itself."""
        return self.residual(prediction)

    def sample(self, key: Key, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        """prediction + correlated noise."""
        return prediction + self.covariance.sample(key)

    def resample(self, key: Key) -> Float[Array, " points"]:
        """data + correlated noise."""
        return self.sample(key, self.mean)

    def with_data(self, data: Float[Array, " points"]) -> "Gaussian":
        """Other central values, the same covariance."""
        return Gaussian(data, self.covariance)


class Labelled(AbstractLikelihood):
    """A likelihood whose pulls have names: the star, the file, the point of a correlator.

    `labels` has one name a pull. Pulls of correlated errors belong to modes, and should be named as such.
    """

    likelihood: AbstractLikelihood
    label: tuple[str, ...] = eqx.field(static=True)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.label

    @property
    def data(self) -> Any:
        return self.likelihood.data

    @property
    def log_peak(self) -> Scalar:
        return self.likelihood.log_peak

    @property
    def nuisances(self) -> int:
        return self.likelihood.nuisances

    def residual(self, prediction: Any) -> Float[Array, " terms"]:
        """The residual of the likelihood that is named."""
        return self.likelihood.residual(prediction)

    def pulls(self, prediction: Any) -> Float[Array, " pulls"]:
        """Its pulls. Raises ValueError, when traced, unless there are as many as labels."""
        pulls = self.likelihood.pulls(prediction)
        if len(pulls) != len(self.label):
            raise ValueError(f"{len(self.label)} labels for {len(pulls)} pulls")
        return pulls

    def sample(self, key: Key, prediction: Any) -> Any:
        """Its mock data."""
        return self.likelihood.sample(key, prediction)

    def resample(self, key: Key) -> Any:
        """Its data with noise added once more."""
        return self.likelihood.resample(key)

    def with_data(self, data: Any) -> "Labelled":
        """Other data under the same names."""
        return Labelled(self.likelihood.with_data(data), self.label)


class Independent(AbstractLikelihood):
    """A product of likelihoods on one prediction: `a + b`."""

    terms: tuple[AbstractLikelihood, ...]

    @property
    def data(self) -> tuple[Any, ...]:
        return tuple(term.data for term in self.terms)

    @property
    def log_peak(self) -> Scalar:
        return jnp.asarray(sum(term.log_peak for term in self.terms))

    @property
    def nuisances(self) -> int:
        return sum(term.nuisances for term in self.terms)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all terms, if all have some."""
        each = [term.labels for term in self.terms]
        return tuple(label for labels in each for label in labels) if all(each) else ()

    def residual(self, prediction: Any) -> Float[Array, " terms"]:
        """The residuals of all terms, one after the other."""
        return jnp.concatenate([term.residual(prediction) for term in self.terms])

    def pulls(self, prediction: Any) -> Float[Array, " pulls"]:
        """The pulls of all terms, one after the other."""
        return jnp.concatenate([term.pulls(prediction) for term in self.terms])

    def sample(self, key: Key, prediction: Any) -> tuple[Any, ...]:
        """Mock data of all terms."""
        keys = jr.split(key, len(self.terms))
        return tuple(term.sample(k, prediction) for term, k in zip(self.terms, keys, strict=True))

    def resample(self, key: Key) -> tuple[Any, ...]:
        """The data of all terms with noise added once more."""
        keys = jr.split(key, len(self.terms))
        return tuple(term.resample(k) for term, k in zip(self.terms, keys, strict=True))

    def with_data(self, data: tuple[Any, ...]) -> "Independent":
        """Other data, term by term."""
        return Independent(tuple(term.with_data(d) for term, d in zip(self.terms, data, strict=True)))


def _terms(likelihood: AbstractLikelihood) -> tuple[AbstractLikelihood, ...]:
    return likelihood.terms if isinstance(likelihood, Independent) else (likelihood,)
