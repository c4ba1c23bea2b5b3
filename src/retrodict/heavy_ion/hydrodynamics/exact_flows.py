r"""Flows that are known in closed form or as ordinary differential equations, in units with hbar c = 1 and s = 4 T^3.

Gubser's flow is symmetric under a subgroup of the conformal group: with $\sinh\rho = -(1 - q^2\tau^2 +
q^2r^2)/(2q\tau)$ everything depends on rho alone, and $T = \hat T(\rho)/\tau$. Bjorken's is the same in every
transverse position.

Source: Gubser, Phys. Rev. D 82 (2010) 085027; Marrochio et al., Phys. Rev. C 91 (2015) 014903.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.integrate import solve_ivp

__all__ = ["ExactFlow", "bjorken_flow", "gubser_flow", "ideal_gubser_flow"]


class ExactFlow(NamedTuple):
    """A conformal flow: e = 3 T^4 in fm^-4.

    Args:
        energy: energy density, fm^-4.
        ux: u^x.
        uy: u^y.
        xx: pi^xx, fm^-4.
        xy: pi^xy, fm^-4.
        yy: pi^yy, fm^-4.
    """

    energy: Float[np.ndarray, "..."]
    ux: Float[np.ndarray, "..."]
    uy: Float[np.ndarray, "..."]
    xx: Float[np.ndarray, "..."]
    xy: Float[np.ndarray, "..."]
    yy: Float[np.ndarray, "..."]


def _velocity(
    tau: float, x: Float[np.ndarray, "..."], y: Float[np.ndarray, "..."], q: float
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    r2 = x**2 + y**2
    slope = 2.0 * q**2 * tau / (1.0 + q**2 * (tau**2 + r2))  # v / r
    boost = 1.0 / np.sqrt(1.0 - slope**2 * r2)
    return boost * slope * x, boost * slope * y


def ideal_gubser_flow(
    tau: float, x: Float[np.ndarray, "..."], y: Float[np.ndarray, "..."], q: float = 1.0, scale: float = 1.0
) -> ExactFlow:
    """The flow of an ideal fluid.

    Args:
        tau: proper time, fm.
        x: first coordinate, fm.
        y: second coordinate.
        q: inverse size, 1/fm.
        scale: e0 of e = e0 (2q)^(8/3) / (tau (1 + 2 q^2 (tau^2 + r^2) + q^4 (tau^2 - r^2)^2))^(4/3).
    """
    r2 = x**2 + y**2
    shape = 1.0 + 2.0 * q**2 * (tau**2 + r2) + q**4 * (tau**2 - r2) ** 2
    energy = scale * (2.0 * q) ** (8.0 / 3.0) / (tau * shape) ** (4.0 / 3.0)
    none = np.zeros_like(energy)
    return ExactFlow(energy, *_velocity(tau, x, y, q), none, none, none)


def de_sitter_solution(
    rho: Float[np.ndarray, " n"], eta_over_s: float, relaxation: float, temperature: float
) -> Float[np.ndarray, "2 n"]:
    """T hat and pi hat = tau^2 pi^(eta eta) / (T s), which begin at rho = 0 without shear.

    Args:
        rho: where they are wanted, in any order.
        eta_over_s: of the fluid.
        relaxation: c of tau_pi = c (eta/s) / T.
        temperature: T hat at rho = 0.
    """

    def slope(rho: float, state: np.ndarray) -> np.ndarray:
        warm, shear = state
        tanh = np.tanh(rho)
        return np.array(
            [
                warm * tanh * (shear - 2.0) / 3.0,
                -4.0 / 3.0 * shear**2 * tanh
                - shear * warm / (relaxation * eta_over_s)
                + 4.0 / (3.0 * relaxation) * tanh,
            ]
        )

    found = np.empty((2, rho.size))
    for sign in (1.0, -1.0):
        side = rho * sign >= 0.0
        if np.any(side):
            last = sign * (np.max(np.abs(rho[side])) + 1e-6)
            path = solve_ivp(slope, (0.0, last), [temperature, 0.0], rtol=1e-11, atol=1e-13, dense_output=True)
            found[:, side] = path.sol(rho[side])
    return found


def gubser_flow(
    tau: float,
    x: Float[np.ndarray, "..."],
    y: Float[np.ndarray, "..."],
    *,
    q: float = 1.0,
    eta_over_s: float = 0.2,
    relaxation: float = 5.0,
    temperature: float = 1.2,
) -> ExactFlow:
    """The flow of a conformal fluid of Israel and Stewart.

    Args:
        tau: proper time, fm.
        x: first coordinate, fm.
        y: second coordinate.
        q: inverse size, 1/fm.
        eta_over_s: of the fluid.
        relaxation: c of tau_pi = c (eta/s) / T.
        temperature: T hat at rho = 0.
    """
    r2 = x**2 + y**2
    rho = np.arcsinh(-(1.0 - q**2 * tau**2 + q**2 * r2) / (2.0 * q * tau))
    warm, shear = de_sitter_solution(rho.ravel(), eta_over_s, relaxation, temperature).reshape(2, *rho.shape)
    ux, uy = _velocity(tau, x, y, q)
    longitudinal = shear * 4.0 * (warm / tau) ** 4
    parts = (-0.5 * (d + a * b) * longitudinal for d, a, b in ((1.0, ux, ux), (0.0, ux, uy), (1.0, uy, uy)))
    return ExactFlow(3.0 * (warm / tau) ** 4, ux, uy, *parts)


def bjorken_flow(
    start: float,
    end: float,
    *,
    temperature: float,
    eta_over_s: float = 0.2,
    relaxation: float = 5.0,
) -> tuple[float, float]:
    """T [1/fm] and phi / (e + P) of a conformal fluid of Israel and Stewart that begins without shear.

    Args:
        start: first proper time, fm.
        end: when they are wanted, fm.
        temperature: T at the start, 1/fm.
        eta_over_s: of the fluid.
        relaxation: c of tau_pi = c (eta/s) / T.
    """

    def slope(tau: float, state: np.ndarray) -> np.ndarray:
        warm, shear = state
        s = 4.0 * warm**3
        tau_pi = relaxation * eta_over_s / warm
        driven = 4.0 / 3.0 * eta_over_s * s / (tau * tau_pi)
        return np.array([(shear / s - warm) / (3.0 * tau), driven - shear / tau_pi - 4.0 / 3.0 * shear / tau])

    path = solve_ivp(slope, (start, end), [temperature, 0.0], rtol=1e-11, atol=1e-13)
    warm, shear = path.y[:, -1]
    return float(warm), float(shear / (4.0 * warm**4))
