r"""Runs of a simulator that do not belong to its design: the pulls of all their outputs at once.

A single output of 110 is three sigma off in every fourth run; a run of which *all* outputs are off is broken (an event
count, a normalisation, a failed job). $\sqrt{\overline{p^2}}$ of the pulls $p_i = (y_i - \mu_i)/\sigma_i$ is of order
one for a good run, whatever the correlations of the outputs.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from retrodict.heavy_ion.calibration.emulators.emulator import AbstractEmulator, Table

BROKEN = 5.0  # joint pull over that of the median run


def joint_pull(emulator: AbstractEmulator, inputs: Table, outputs: Table) -> Float[np.ndarray, " points"]:
    """Root mean square of the pulls of each of some runs that the emulator has not seen.

    Args:
        emulator: learnt from other runs.
        inputs: of the runs, one row a run.
        outputs: of the same runs.
    """
    mean = eqx.filter_jit(jax.vmap(emulator.mean))(jnp.asarray(inputs))
    return _rms(outputs - np.asarray(mean), emulator)


def left_out_joint_pull(emulator: AbstractEmulator, outputs: Table) -> Float[np.ndarray, " points"]:
    """The same for the runs of the design, each without itself.

    Args:
        emulator: learnt from the design.
        outputs: of the design, in its order.
    """
    return _rms(outputs - np.asarray(emulator.leave_one_out.mean), emulator)


def broken_runs(pulls: Float[np.ndarray, " points"]) -> Bool[np.ndarray, " points"]:
    """Which runs are off by more than five times the joint pull of the median run.

    Args:
        pulls: joint pulls of all runs.
    """
    return pulls > BROKEN * np.median(pulls)


def _rms(deviation: Table, emulator: AbstractEmulator) -> Float[np.ndarray, " points"]:
    sigma = np.sqrt(np.diag(np.asarray(emulator.covariance)))
    return np.sqrt(np.mean((deviation / sigma) ** 2, axis=1))
