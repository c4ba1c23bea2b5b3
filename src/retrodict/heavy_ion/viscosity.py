r"""The viscosities of a quark-gluon plasma as functions of temperature, as JETSCAPE parametrises them.

$\eta/s(T) = \max(0, k + a_{<>}(T - T_k))$ with one slope below and one above the kink; $\zeta/s(T) =
\zeta_m/(1 + [(T - T_0)/(w(1 + \lambda\,\mathrm{sign}(T - T_0)))]^2)$. Source: JETSCAPE, PRC 103 (2021) 054904.
"""

from collections.abc import Mapping
from typing import Final

import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar

SHEAR: Final = ("shear_kink_temperature", "shear_low_slope", "shear_high_slope", "shear_at_kink")
BULK: Final = ("bulk_maximum", "bulk_temperature", "bulk_width", "bulk_asymmetry")


def shear_viscosity(temperature: Float[Array, "*shape"], at: Mapping[str, Scalar]) -> Float[Array, "*shape"]:
    """eta/s at some temperatures.

    Args:
        temperature: T [GeV].
        at: the parameters by the names of `SHEAR`.

    Example:
        >>> at = dict(zip(SHEAR, (0.2, -1.0, 0.5, 0.1)))
        >>> shear_viscosity(jnp.array([0.15, 0.2, 0.3]), at).round(6).tolist()
        [0.15, 0.1, 0.15]
    """
    away = temperature - at["shear_kink_temperature"]
    slope = jnp.where(away < 0.0, at["shear_low_slope"], at["shear_high_slope"])
    return jnp.maximum(at["shear_at_kink"] + slope * away, 0.0)


def bulk_viscosity(temperature: Float[Array, "*shape"], at: Mapping[str, Scalar]) -> Float[Array, "*shape"]:
    """zeta/s at some temperatures.

    Args:
        temperature: T [GeV].
        at: the parameters by the names of `BULK`.

    Example:
        >>> at = dict(zip(BULK, (0.1, 0.2, 0.05, 0.5)))
        >>> bulk_viscosity(jnp.array([0.175, 0.2, 0.275]), at).round(6).tolist()
        [0.05, 0.1, 0.05]
    """
    away = temperature - at["bulk_temperature"]
    width = at["bulk_width"] * (1.0 + at["bulk_asymmetry"] * jnp.sign(away))
    return at["bulk_maximum"] / (1.0 + (away / width) ** 2)
