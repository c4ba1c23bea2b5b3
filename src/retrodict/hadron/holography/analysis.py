"""The posterior of a bulk metric, from a response curve."""

from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Flag, Float, Positive, Scalar, Share
from retrodict.hadron.holography.ansatz import NetworkMetric, PolynomialMetric, SmoothMetric
from retrodict.hadron.holography.bulk import BOUNDARY, PLACES, Bulk, centres, field_at_boundary
from retrodict.hadron.holography.curve import ResponseCurve, black_hole_curve, condensate_curve, read_curve
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.prior import LogNormal
from retrodict.problem.target import Quantity

LEAST_SHOWN: Final = 0.05  # eta
EVERY: Final = 2  # nodes
SHOWN: Final = np.flatnonzero(PLACES >= LEAST_SHOWN)[::EVERY]
COLOURS: Final = 3
CUBIC_STEPS: Final = 8
CURVE_POINTS: Final = 30  # of the curve that is reported
NOTE: Final = (
    "a response curve fixes a few numbers of the metric (see the effective rank): between them the band is the prior,"
    " which has the pole of a horizon and an anti-de Sitter boundary built in; the discretised bulk ends at eta = 1"
)


@dataclass(frozen=True)
class Field:
    """A scalar whose value and slope at the boundary are source and response.

    Args:
        dimension: d of the boundary.
        mass_squared: m^2.
        coupling: lambda.
    """

    dimension: int = 3
    mass_squared: float = -1.0
    coupling: Positive = 1.0


@dataclass(frozen=True)
class ChiralCondensate:
    """The scalar of holographic QCD (d = 4, m^2 = -3), dual to quark mass and condensate.

    Args:
        coupling: median of the prior of lambda.
        coupling_spread: its standard deviation, in ln lambda.
        length: median of the prior of L [1/GeV].
        length_spread: its standard deviation, in ln L.
    """

    coupling: Positive = 0.01
    coupling_spread: Positive = 1.0
    length: Positive = 4.0
    length_spread: Positive = 0.3


class Response(AbstractForward[Bulk, Float[Array, " points"]]):
    """The response to given sources."""

    source: Float[Array, " points"]
    chiral: bool = eqx.field(static=True)

    def __call__(self, unknown: Bulk) -> tuple[Float[Array, " points"], Flag]:
        """Valid where every source has a field, regular at the horizon, that grows with it."""
        centre, found = centres(unknown, self.source, lambda bulk, c: boundary_values(bulk, c, self.chiral)[0])
        return jax.vmap(lambda c: boundary_values(unknown, c, self.chiral)[1])(centre), found


class Answer(eqx.Module):
    """What is reported of a metric: h, and the response curve."""

    curve: Response

    def __call__(self, unknown: Bulk, _: Float[Array, " points"]) -> dict[str, Array]:
        """By the names of the quantities."""
        h = (1 + unknown.excess) / PLACES
        found = {"metric": h[SHOWN], "response": self.curve(unknown)[0]}
        more = {"coupling": unknown.coupling, "length": unknown.length} if self.curve.chiral else {}
        return {**found, **more}


class Holography(AbstractAnalysis):
    """A bulk metric h(eta) behind a response curve.

    Args:
        field: the scalar in the bulk; a table of quark masses and condensates belongs to ChiralCondensate.
        metric: the prior over metrics.
        columns: names and units of the columns of a table without a header.
        mock_error: relative errors of the mock data.
    """

    field: Field | ChiralCondensate = Field()
    metric: SmoothMetric | NetworkMetric | PolynomialMetric = SmoothMetric()
    columns: str = ""
    mock_error: Share = 0.01

    def posterior(self, data: PathLike | None) -> Posterior:
        """The posterior of the metric, given a table or the mock data."""
        if data is not None:
            return self.given(read_curve(data, self.columns))
        chiral = isinstance(self.field, ChiralCondensate)
        return self.given(condensate_curve(self.mock_error) if chiral else black_hole_curve(self.mock_error))

    def given(self, curve: ResponseCurve) -> Posterior:
        """The posterior of the metric, given a curve that is already read.

        Args:
            curve: the data.

        Raises:
            InputError: if the field does not belong to the curve.
        """
        field = self.field
        chiral = isinstance(field, ChiralCondensate)
        if chiral != curve.in_gev:
            got = "quark masses in GeV" if curve.in_gev else "sources without units"
            wanted = "ChiralCondensate" if curve.in_gev else "Field"
            fix = f"problem.analysis.field: {{kind: {wanted}}}"
            raise InputError("the field does not belong to these data", got=got, fix=fix)
        if isinstance(field, ChiralCondensate):
            priors = LogNormal(field.coupling, field.coupling_spread), LogNormal(field.length, field.length_spread)
            ansatz = self.metric.on(4, -3.0, *priors)
        else:
            fixed = LogNormal(field.coupling, 0.0), LogNormal(1.0, 0.0)
            ansatz = self.metric.on(field.dimension, field.mass_squared, *fixed)
        source = np.linspace(float(curve.source[0]), float(curve.source[-1]), CURVE_POINTS)
        return Posterior(
            ansatz,
            Response(jnp.asarray(curve.source), chiral),
            Gaussian(jnp.asarray(curve.response), Covariance.diagonal(curve.error)),
            derive=Answer(Response(jnp.asarray(source), chiral)),
            quantities=_quantities(source, chiral=chiral),
            notes=(*curve.notes, NOTE),
        )


def boundary_values(bulk: Bulk, centre: Scalar, chiral: bool) -> tuple[Scalar, Scalar]:
    r"""Source and response of the field with a given value at the horizon.

    Of the chiral condensate $\phi = \alpha e^{-\eta} + \beta e^{-3\eta} - \tfrac12\lambda\alpha^3\eta e^{-3\eta}$ at
    the boundary, $\alpha = \tfrac{\sqrt3}{2\pi} L\,m_q$, $\beta = \tfrac{\pi}{\sqrt3} L^3 \langle\bar qq\rangle$
    (Hashimoto, Sugishita, Tanaka, Tomiya, PRD 98, 106014 (2018)).

    Args:
        bulk: the metric and the field.
        centre: phi at the horizon.
        chiral: whether the source is a quark mass [GeV] and the response a condensate [GeV^3].
    """
    phi, slope = field_at_boundary(bulk, centre)
    if not chiral:
        return phi, slope
    fall, cube = np.exp(-BOUNDARY), np.exp(-3 * BOUNDARY)
    right = 3 * phi + slope  # = 2 alpha e^-eta - lambda alpha^3 e^(-3 eta) / 2
    alpha = right / (2 * fall)
    for _ in range(CUBIC_STEPS):
        miss = 2 * fall * alpha - 0.5 * bulk.coupling * cube * alpha**3 - right
        bend = 2 * fall - 1.5 * bulk.coupling * cube * alpha**2
        alpha = alpha - miss / jnp.where(bend > 0.1, bend, 2 * fall)
    beta = (phi - alpha * fall) / cube + 0.5 * bulk.coupling * alpha**3 * BOUNDARY
    root = np.sqrt(COLOURS)
    return alpha * 2 * np.pi / (root * bulk.length), beta * root / (np.pi * bulk.length**3)


def _quantities(source: Float[np.ndarray, " curve"], *, chiral: bool) -> tuple[Quantity, ...]:
    eta, places = tuple(PLACES[SHOWN].tolist()), tuple(source.tolist())
    metric = Quantity("metric", "", r"$h(\eta)$", eta, r"$\eta$", "", "eta")
    if not chiral:
        return metric, Quantity("response", "", "response", places, "source", "", "source")
    condensate = Quantity("response", "GeV^3", r"$\langle\bar qq\rangle$", places, r"$m_q$", "GeV", "quark_mass")
    return metric, condensate, Quantity("coupling", "", r"$\lambda$"), Quantity("length", "GeV^-1", "$L$")
