"""What every emulator can do, whatever it is made of."""

from abc import abstractmethod
from typing import NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from retrodict.base.errors import InputError
from retrodict.base.types import Array
from retrodict.heavy_ion.calibration.emulators.components import Components

Table = Float[np.ndarray, "points columns"]


class LeaveOneOut(NamedTuple):
    """What the emulator says of each point of its design without that point, in units of the outputs."""

    mean: Float[Array, "points outputs"]
    sd: Float[Array, "points outputs"]


class Readout(eqx.Module):
    """From components to outputs, with what is not known of either.

    Args:
        basis: outputs by components of unit variance, in units of the outputs.
        offset: mean of the outputs over the design.
        truncated: covariance of what the components leave out.
        left_out_mean: components of each point of the design, learnt without it.
        left_out_variance: variance of the true components around that.
    """

    basis: Float[Array, "outputs components"]
    offset: Float[Array, " outputs"]
    truncated: Float[Array, "outputs outputs"]
    left_out_mean: Float[Array, "points components"]
    left_out_variance: Float[Array, "points components"]

    def __call__(self, scores: Float[Array, " components"]) -> Float[Array, " outputs"]:
        """Outputs of components.

        Args:
            scores: components, each of unit variance over the design.
        """
        return self.offset + self.basis @ scores

    @property
    def covariance(self) -> Float[Array, "outputs outputs"]:
        """Mean leave-one-out variance of the components, as outputs, and what the components leave out."""
        return (self.basis * jnp.mean(self.left_out_variance, axis=0)) @ self.basis.T + self.truncated

    @property
    def leave_one_out(self) -> LeaveOneOut:
        """Means and standard deviations of the outputs of each point, learnt without it."""
        variance = self.left_out_variance @ (self.basis**2).T + jnp.diag(self.truncated)
        return LeaveOneOut(self.offset + self.left_out_mean @ self.basis.T, jnp.sqrt(variance))


class AbstractEmulator(eqx.Module):
    """What a simulator would give, learnt from its runs."""

    readout: eqx.AbstractVar[Readout]

    @abstractmethod
    def scores(self, inputs: Float[Array, " inputs"]) -> Float[Array, " components"]:
        """The components of the outputs, each of unit variance over the design.

        Args:
            inputs: in the units and the order of the design.
        """

    def mean(self, inputs: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """The outputs that are expected, in their units.

        Args:
            inputs: in the units and the order of the design.
        """
        return self.readout(self.scores(inputs))

    @property
    def covariance(self) -> Float[Array, "outputs outputs"]:
        """Covariance of the true outputs around the mean, the same everywhere.

        The mean leave-one-out variance of the components, rotated to outputs, and the components that were left out.
        """
        return self.readout.covariance

    @property
    def leave_one_out(self) -> LeaveOneOut:
        """What is said of each point of the design without it."""
        return self.readout.leave_one_out


@runtime_checkable
class EmulatorRecipe(Protocol):
    """How an emulator is made of the runs of a simulator: a frozen dataclass that a config can name."""

    def fit(self, inputs: Table, outputs: Table, *, seed: int = 0) -> AbstractEmulator:
        """Learn.

        Args:
            inputs: of the runs, one row a run.
            outputs: of the same runs.
            seed: of what is random in learning.
        """
        ...


def readout(components: Components, left_out_mean: Table, left_out_variance: Table) -> Readout:
    """The readout of components that were emulated.

    Args:
        components: of the outputs of a design.
        left_out_mean: components of each point, learnt without it.
        left_out_variance: variance of the true components around that.
    """
    arrays = (components.basis, components.offset, components.truncated, left_out_mean, left_out_variance)
    return Readout(*map(jnp.asarray, arrays))


def check_design(inputs: Table, outputs: Table) -> None:
    """Refuse a design that nothing can be learnt from.

    Args:
        inputs: of the runs, one row a run.
        outputs: of the same runs.

    Raises:
        InputError: unless there are at least three runs, each with inputs and outputs, all of them finite.
    """
    if inputs.ndim != 2 or outputs.ndim != 2 or len(inputs) != len(outputs) or len(inputs) < 3:
        got = f"inputs {inputs.shape}, outputs {outputs.shape}"
        expected = "two tables with one row a run, for the same runs, three at least"
        raise InputError("inputs and outputs do not belong to one design", got=got, expected=expected)
    for name, table in (("input", inputs), ("output", outputs)):
        bad = np.flatnonzero(~np.all(np.isfinite(table), axis=1))
        if bad.size:
            what = f"an {name} of run {bad[0]} is not a number"
            raise InputError(what, got=f"{bad.size} such runs", fix="leave these runs out of both tables")
