r"""One Gaussian process for each component of the outputs.

The kernel is Matern-5/2 with a length for each input (`matern`). Its mean is
$\mu(x) = m + a^0 \sum_n w_n\,(1 + r_n + r_n^2/3)\,e^{-r_n}$; the gradient
$-\frac53 \sum_n w_n (1 + r_n)\,e^{-r_n} (q - q_n)/l$ costs one more matrix product and is given to JAX in this form:
both modes of differentiation then make one pass over the design.
"""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Count, Float
from retrodict.heavy_ion.calibration.emulators.components import components_of, standardised
from retrodict.heavy_ion.calibration.emulators.emulator import (
    AbstractEmulator,
    Inputs,
    Outputs,
    Readout,
    check_design,
    readout,
)
from retrodict.heavy_ion.calibration.emulators.matern import fit

TINY = 1e-30  # squared distance, where the root has no slope


class GaussianProcessEmulator(AbstractEmulator):
    """The means of independent Gaussian processes for the components.

    Args:
        readout: from components to outputs.
        mean_input: of the design, in units of the inputs.
        spread_input: standard deviation over the design, in units of the inputs.
        points: standardised inputs of the design.
        inverse_squares: of the lengths of each process, in units of the standardised inputs.
        weights: of the points in each process.
        constants: of the processes.
        amplitudes: variances of the processes.
        noise: variances of the noise of each component, over those of the processes.
    """

    readout: Readout
    mean_input: Float[Array, " inputs"]
    spread_input: Float[Array, " inputs"]
    points: Float[Array, "points inputs"]
    inverse_squares: Float[Array, "components inputs"]
    weights: Float[Array, "components points"]
    constants: Float[Array, " components"]
    amplitudes: Float[Array, " components"]
    noise: Float[Array, " components"]

    def scores(self, inputs: Float[Array, " inputs"]) -> Float[Array, " components"]:
        return _scores((inputs - self.mean_input) / self.spread_input, emulator=self)


@dataclass(frozen=True)
class GaussianProcesses:
    """Principal components, each a Gaussian process with a Matern-5/2 kernel and a length for each input.

    Lengths and noise are the most probable ones. Source: Higdon, Gattiker, Williams, Rightley, J. Am. Stat. Assoc. 103
    (2008) 570, for the components; Rasmussen, Williams (2006) for the processes.

    Args:
        components: how many principal components are emulated; the others are noise.

    Example:
        >>> x = np.linspace(0, 1, 20)[:, None]
        >>> emulator = GaussianProcesses(components=1).fit(x, np.hstack([np.sin(3 * x), 2 * np.sin(3 * x)]))
        >>> bool(abs(emulator.mean(jnp.array([0.51]))[1] - 2 * np.sin(1.53)) < 1e-3)
        True
    """

    components: Count = 10

    def fit(self, inputs: Inputs, outputs: Outputs, *, seed: int = 0) -> GaussianProcessEmulator:
        """Learn.

        Args:
            inputs: of the runs, one row a run.
            outputs: of the same runs.
            seed: not used: nothing is random here.

        Raises:
            InputError: if the tables are no design.
        """
        check_design(inputs, outputs)
        table = standardised(np.asarray(inputs, dtype=float))
        parts = components_of(np.asarray(outputs), self.components)
        found = [fit(table.columns, column) for column in parts.scores.T]
        residual, variance = (np.stack([getattr(p, name) for p in found], axis=1) for name in ("residual", "variance"))
        return GaussianProcessEmulator(
            readout(parts, parts.scores - residual, variance),
            jnp.asarray(table.mean),
            jnp.asarray(table.scale),
            jnp.asarray(table.columns),
            jnp.stack([p.lengths**-2.0 for p in found]),
            jnp.stack([p.weights for p in found]),
            jnp.array([p.constant for p in found]),
            jnp.array([p.amplitude for p in found]),
            jnp.array([p.noise for p in found]),
        )


@eqx.filter_custom_jvp
def _scores(z: Float[Array, " inputs"], *, emulator: GaussianProcessEmulator) -> Float[Array, " components"]:
    r, decay = _distances(emulator, z)
    return emulator.constants + jnp.sum(emulator.weights * ((1 + r + r * r / 3) * decay), axis=1)


@_scores.def_jvp
def _scores_jvp(
    primals: tuple[Float[Array, " inputs"]],
    tangents: tuple[Float[Array, " inputs"]],
    *,
    emulator: GaussianProcessEmulator,
) -> tuple[Float[Array, " components"], Float[Array, " components"]]:
    (z,), (dz,) = primals, tangents
    r, decay = _distances(emulator, z)
    slope = emulator.weights * ((1 + r) * decay)
    scores = emulator.constants + jnp.sum(slope + emulator.weights * (r * r / 3 * decay), axis=1)
    pull = z * jnp.sum(slope, axis=1)[:, None] - slope @ emulator.points
    jacobian = (-5 / 3) * emulator.inverse_squares * pull
    return scores, jacobian @ dz


def _distances(
    emulator: GaussianProcessEmulator, z: Float[Array, " inputs"]
) -> tuple[Float[Array, "components points"], Float[Array, "components points"]]:
    """r and exp(-r) of each process to each point of the design: one matrix product for all of them."""
    points, inverse = emulator.points, emulator.inverse_squares
    own = inverse @ (points * points).T  # the same for all inputs of a batch
    square = (inverse @ (z * z))[:, None] - 2 * ((inverse * z) @ points.T) + own
    r = jnp.sqrt(jnp.maximum(5 * square, TINY))
    return r, jnp.exp(-r)
