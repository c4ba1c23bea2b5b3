r"""Transport coefficients of the fluid, as functions of temperature.

The viscosities over the entropy density are those of `viscosity`: a kink and a skewed Cauchy peak. Relaxation times are
$\tau_\pi = b_\pi \eta / (sT)$ and $\tau_\Pi = \zeta / \left(15\,(1/3 - c_s^2)^2 (e + P)\right)$.

Source: JETSCAPE collaboration, Phys. Rev. C 103 (2021) 054904, sections III C and D.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from retrodict.base.types import Scalar
from retrodict.heavy_ion.viscosity import BULK, SHEAR, bulk_viscosity, shear_viscosity

__all__ = ["Transport", "constant_viscosity"]

_LEAST_BREAKING: Final = 1e-2  # of (1/3 - c_s^2)^2: keeps the bulk relaxation time finite where matter is conformal


class Transport(eqx.Module):
    """Shear and bulk viscosity.

    Args:
        shear_kink: eta/s at the kink.
        kink_temperature: T_kink, GeV.
        slope_low: d(eta/s)/dT below the kink, 1/GeV.
        slope_high: d(eta/s)/dT above it, 1/GeV.
        shear_relaxation: b_pi.
        bulk_maximum: zeta/s at the peak.
        bulk_temperature: of the peak, GeV.
        bulk_width: of the peak, GeV.
        bulk_skewness: lambda, between -1 and 1.
    """

    shear_kink: Scalar
    kink_temperature: Scalar
    slope_low: Scalar
    slope_high: Scalar
    shear_relaxation: Scalar
    bulk_maximum: Scalar
    bulk_temperature: Scalar
    bulk_width: Scalar
    bulk_skewness: Scalar

    def eta_over_s(self, temperature: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Shear viscosity over entropy density.

        Args:
            temperature: T, GeV.
        """
        values = (self.kink_temperature, self.slope_low, self.slope_high, self.shear_kink)
        return shear_viscosity(temperature, dict(zip(SHEAR, values, strict=True)))

    def zeta_over_s(self, temperature: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Bulk viscosity over entropy density.

        Args:
            temperature: T, GeV.
        """
        values = (self.bulk_maximum, self.bulk_temperature, self.bulk_width, self.bulk_skewness)
        return bulk_viscosity(temperature, dict(zip(BULK, values, strict=True)))

    def bulk_relaxation(self, sound_speed_squared: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """tau_Pi (e + P) / zeta.

        Args:
            sound_speed_squared: c_s^2.
        """
        return 1.0 / (15.0 * jnp.maximum((1.0 / 3.0 - sound_speed_squared) ** 2, _LEAST_BREAKING))


def constant_viscosity(
    eta_over_s: float, zeta_over_s: float = 0.0, shear_relaxation: float = 5.0, bulk_temperature: float = 0.18
) -> Transport:
    """The same eta/s at every temperature, and a peak of zeta/s that is 0.04 GeV wide.

    Args:
        eta_over_s: shear viscosity over entropy density.
        zeta_over_s: its maximum for bulk viscosity.
        shear_relaxation: b_pi.
        bulk_temperature: T of the peak, GeV.
    """
    values = (eta_over_s, 0.2, 0.0, 0.0, shear_relaxation, zeta_over_s, bulk_temperature, 0.04, 0.0)
    return Transport(*(jnp.asarray(value, dtype=float) for value in values))
