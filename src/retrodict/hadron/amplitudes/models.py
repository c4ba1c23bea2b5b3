r"""Amplitudes that are unitary whatever their parameters, as ratios of polynomials whose zeros are the poles.

With $T^{-1} = M(E) - i\,\mathrm{diag}(k_1, k_2)$ and M real and symmetric, $S = 1 + 2i\sqrt{k}\,T\sqrt{k}$ is unitary
above both thresholds and below the upper one. $T_{ij} = N_{ij}/D$ with N and D polynomials in the energy and the
momenta, hence, times a power of the uniformising variable (see `sheets`), polynomials in it. One channel: $T = f = 1/(k
\cot\delta - ik)$ in 1/MeV. A scattering length is positive for a shallow bound state: $k\cot\delta = -1/a + r k^2/2$.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Complex
from pydantic import Field

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Float, Scalar
from retrodict.hadron.amplitudes.sheets import Plane
from retrodict.problem.prior import LogNormal, Normal

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Parameters = dict[str, Scalar]
Prior = Normal | LogNormal


class Ratio(NamedTuple):
    """Numerators of T11, T12 and T22 and their common denominator, of which the zeros are the poles."""

    first: Plane
    mixed: Plane
    second: Plane
    denominator: Plane


class AbstractAmplitude(ABC):
    """A parametrisation of the amplitude with the priors of its parameters."""

    channels: ClassVar[int]
    upper_degree: ClassVar[int] = 0  # of the denominator of the upper channel alone, in its momentum

    @property
    @abstractmethod
    def degree(self) -> int:
        """Of the polynomial whose roots are the poles."""

    @abstractmethod
    def priors(self) -> dict[str, Prior]:
        """The prior of each parameter, in MeV, 1/MeV or pure numbers."""

    @abstractmethod
    def ratio(self, parameters: Parameters, energy: Plane, momenta: tuple[Plane, ...]) -> Ratio:
        """The amplitude on any sheet.

        Args:
            parameters: values by name.
            energy: counted from the (upper) threshold [MeV], any shape.
            momenta: of the channels [MeV], of the same shape.
        """

    def upper_alone(self, parameters: Parameters, energy: Plane, momentum: Plane) -> Plane:
        """The denominator of the upper channel when its coupling to the lower one is off.

        Args:
            parameters: values by name.
            energy: counted from the upper threshold [MeV].
            momentum: of the upper channel [MeV].
        """
        raise NotImplementedError


@dataclass(frozen=True)
class EffectiveRange(AbstractAmplitude):
    r"""One channel: $k\cot\delta = -1/a + r k^2/2 + v k^4$."""

    inverse_length: float = 0.0  # fm^-1, prior mean of 1/a; positive: bound
    inverse_length_spread: Positive = 0.5  # fm^-1
    effective_range: float = 1.5  # fm, prior mean of r
    effective_range_spread: Positive = 1.5  # fm
    shape_spread: NotNegative = 0.0  # fm^3, of v around 0

    channels: ClassVar[int] = 1

    @property
    def degree(self) -> int:
        return 4 if self.shape_spread else 2

    def priors(self) -> dict[str, Prior]:
        priors: dict[str, Prior] = {
            "inverse_length": Normal(HBAR_C * self.inverse_length, HBAR_C * self.inverse_length_spread),
            "effective_range": Normal(self.effective_range / HBAR_C, self.effective_range_spread / HBAR_C),
        }
        return priors | ({"shape": Normal(0.0, self.shape_spread / HBAR_C**3)} if self.shape_spread else {})

    def ratio(self, parameters: Parameters, energy: Plane, momenta: tuple[Plane, ...]) -> Ratio:
        (k,) = momenta
        cot = k_cot_delta(parameters, k)
        one = 1.0 + 0.0 * k
        return Ratio(one, one, one, cot - 1j * k)


@dataclass(frozen=True)
class ScatteringLength(AbstractAmplitude):
    r"""Two channels: $T^{-1} = M - ik$ with a constant M. Source: JPAC, Phys. Rev. D 105 (2022) L091501."""

    m11_spread: Positive = 500.0  # MeV, around 0
    m22_spread: Positive = 150.0  # MeV, around 0; m22 = -1/a of the upper channel alone
    m12: Positive = 150.0  # MeV, prior median of |m12|
    m12_spread: Positive = 0.8  # of its logarithm

    channels: ClassVar[int] = 2
    upper_degree: ClassVar[int] = 1

    @property
    def degree(self) -> int:
        return 4

    def priors(self) -> dict[str, Prior]:
        m11, m22 = Normal(0.0, self.m11_spread), Normal(0.0, self.m22_spread)
        return {"m11": m11, "m22": m22, "m12": LogNormal(self.m12, self.m12_spread)}

    def ratio(self, parameters: Parameters, energy: Plane, momenta: tuple[Plane, ...]) -> Ratio:
        first, second = parameters["m11"] - 1j * momenta[0], parameters["m22"] - 1j * momenta[1]
        mixed = parameters["m12"] + 0.0 * first
        return Ratio(second, -mixed, first, first * second - mixed**2)

    def upper_alone(self, parameters: Parameters, energy: Plane, momentum: Plane) -> Plane:
        return parameters["m22"] - 1j * momentum


@dataclass(frozen=True)
class Flatte(AbstractAmplitude):
    r"""Two channels: $T_{ij} = g_i g_j/(E_R - E - i g_1^2 k_1 - i g_2^2 k_2)$. Source: Flatte, PLB 63 (1976) 224."""

    position: float = 0.0  # MeV, prior mean of E_R - upper threshold
    position_spread: Positive = 20.0  # MeV
    coupling1: Positive = 0.01  # prior median of g_1^2, a pure number
    coupling2: Positive = 0.1  # of g_2^2
    coupling_spread: Positive = 1.0  # of the logarithms

    channels: ClassVar[int] = 2
    upper_degree: ClassVar[int] = 2

    @property
    def degree(self) -> int:
        return 4

    def priors(self) -> dict[str, Prior]:
        return {
            "position": Normal(self.position, self.position_spread),
            "coupling1": LogNormal(self.coupling1, self.coupling_spread),
            "coupling2": LogNormal(self.coupling2, self.coupling_spread),
        }

    def ratio(self, parameters: Parameters, energy: Plane, momenta: tuple[Plane, ...]) -> Ratio:
        g1, g2 = parameters["coupling1"] + 0.0 * energy, parameters["coupling2"] + 0.0 * energy
        denominator = parameters["position"] - energy - 1j * (g1 * momenta[0] + g2 * momenta[1])
        return Ratio(g1, (g1 * g2) ** 0.5, g2, denominator)

    def upper_alone(self, parameters: Parameters, energy: Plane, momentum: Plane) -> Plane:
        return parameters["position"] - energy - 1j * parameters["coupling2"] * momentum


@dataclass(frozen=True)
class KMatrix(AbstractAmplitude):
    r"""Two channels: $K_{ij} = g_i g_j/(E_R - E) + c_{ij}$, $T = (K^{-1} - ik)^{-1}$."""

    position: float = 0.0  # MeV, prior mean of E_R - upper threshold
    position_spread: Positive = 20.0  # MeV
    coupling1_spread: Positive = 0.15  # of g_1 around 0, a pure number
    coupling2: Positive = 0.3  # prior median of g_2
    coupling2_spread: Positive = 0.7  # of its logarithm
    constant_spread: Positive = 0.5  # fm, of c11, c12 and c22 around 0

    channels: ClassVar[int] = 2
    upper_degree: ClassVar[int] = 3

    @property
    def degree(self) -> int:
        return 8

    def priors(self) -> dict[str, Prior]:
        constant = Normal(0.0, self.constant_spread / HBAR_C)
        return {
            "position": Normal(self.position, self.position_spread),
            "g1": Normal(0.0, self.coupling1_spread),
            "g2": LogNormal(self.coupling2, self.coupling2_spread),
            "c11": constant,
            "c12": constant,
            "c22": constant,
        }

    def ratio(self, parameters: Parameters, energy: Plane, momenta: tuple[Plane, ...]) -> Ratio:
        g1, g2, c11, c12, c22 = (parameters[name] for name in ("g1", "g2", "c11", "c12", "c22"))
        x, (k1, k2) = parameters["position"] - energy, momenta
        k11, k12, k22 = g1**2 + c11 * x, g1 * g2 + c12 * x, g2**2 + c22 * x
        determinant = g1**2 * c22 + g2**2 * c11 - 2 * g1 * g2 * c12 + (c11 * c22 - c12**2) * x
        denominator = x - 1j * (k1 * k11 + k2 * k22) - k1 * k2 * determinant
        return Ratio(k11 - 1j * k2 * determinant, k12, k22 - 1j * k1 * determinant, denominator)

    def upper_alone(self, parameters: Parameters, energy: Plane, momentum: Plane) -> Plane:
        x = parameters["position"] - energy
        return x - 1j * momentum * (parameters["g2"] ** 2 + parameters["c22"] * x)


def k_cot_delta(parameters: Parameters, k: Plane | Float[Array, "*points"]) -> Plane | Float[Array, "*points"]:
    """k cot(delta) of the effective-range expansion [MeV].

    Args:
        parameters: `inverse_length` [MeV], `effective_range` [1/MeV], and perhaps `shape` [MeV^-3].
        k: momentum [MeV], any shape.
    """
    square, shape = k**2, parameters.get("shape", 0.0)
    return -parameters["inverse_length"] + 0.5 * parameters["effective_range"] * square + shape * square**2


def s_matrix(ratio: Ratio, momenta: tuple[Plane, Plane]) -> Complex[Array, "*points 2 2"]:
    """S = 1 + 2i sqrt(k) T sqrt(k) of two channels.

    Args:
        ratio: the amplitude.
        momenta: of the channels [MeV].
    """
    root1, root2 = momenta[0] ** 0.5, momenta[1] ** 0.5
    t11, t12, t22 = (part / ratio.denominator for part in ratio[:3])
    rows = [
        [1 + 2j * root1 * t11 * root1, 2j * root1 * t12 * root2],
        [2j * root1 * t12 * root2, 1 + 2j * root2 * t22 * root2],
    ]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
