r"""A mock of a lattice correlator: noisy measurements whose covariance is known in closed form.

It has the difficulties of real data. The signal-to-noise ratio falls with time as
$e^{-(E_\mathrm{signal} - E_\mathrm{noise}) t}$ (Parisi; Lepage), time slices are correlated as $e^{-|t - t'|/\xi}$, and
successive configurations are correlated as $\varphi^{|c - c'|}$:

$$G_c(t) = G(t) + \sigma(t)\,x_c(t), \qquad
  \langle x_c(t)\,x_{c'}(t')\rangle = \varphi^{|c - c'|}\,e^{-|t - t'|/\xi}, \qquad
  \sigma(t) = \frac{G(t)}{s_0}\,e^{(E_\mathrm{signal} - E_\mathrm{noise}) t}.$$
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.spectral.samples import CorrelatorSamples


@dataclass(frozen=True, eq=False)
class MockCorrelator:
    """The exact correlator and the distribution of its noise; times in the unit of `grid`.

    Args:
        grid: times, ascending, shape (points,).
        exact: G itself, shape (points,).
        signal_to_noise: s_0, of one measurement at time 0.
        decay: E_signal - E_noise, per unit of time.
        time_correlation: xi, over which time slices are correlated; 0 for independent ones.
        tau_int: integrated autocorrelation time, in measurements; 1/2 for independent ones.
        time_extent: T: the noise is that of a periodic correlator, smallest at 0 and T; None: not periodic.

    Raises:
        InputError: for noise that cannot exist.

    Example:
        >>> tau = np.arange(8.0)
        >>> mock = MockCorrelator(tau, np.exp(-tau / 4), tau_int=2.0)
        >>> mock.draw(np.random.default_rng(0), 50).shape
        (50, 8)
        >>> float(np.sqrt(mock.covariance(50)[0, 0]).round(5))
        0.00277
    """

    grid: Float[np.ndarray, " points"]
    exact: Float[np.ndarray, " points"]
    signal_to_noise: float = 100.0
    decay: float = 0.0
    time_correlation: float = 3.0
    tau_int: float = 0.5
    time_extent: float | None = None

    def __post_init__(self) -> None:
        if self.tau_int < 0.5 or self.signal_to_noise <= 0.0 or self.time_correlation < 0.0:
            expected = "tau_int >= 1/2, signal_to_noise > 0, time_correlation >= 0"
            raise InputError("the noise of the mock is not possible", where="MockCorrelator", expected=expected)

    @property
    def chain_correlation(self) -> float:
        """phi, the correlation of successive measurements: tau_int = (1 + phi) / (1 - phi) / 2."""
        return (2.0 * self.tau_int - 1.0) / (2.0 * self.tau_int + 1.0)

    @property
    def noise(self) -> Float[np.ndarray, " points"]:
        """sigma, the standard deviation of one measurement."""
        extent = math.inf if self.time_extent is None else self.time_extent
        return np.abs(self.exact) / self.signal_to_noise * np.exp(self.decay * self._distance(self.grid, extent))

    @property
    def correlation(self) -> Float[np.ndarray, "points points"]:
        """The correlation matrix of time slices within one measurement."""
        separation = np.abs(self.grid[:, None] - self.grid[None, :])
        if self.time_correlation == 0.0:
            return np.eye(len(self.grid))
        return np.exp(-separation / self.time_correlation)

    def covariance(self, measurements: int) -> Float[np.ndarray, "points points"]:
        r"""The exact covariance of the mean of so many successive `measurements`.

        The variance of a mean of N correlated numbers of unit variance is
        $[(1 + \varphi)/(1 - \varphi) - 2\varphi(1 - \varphi^N) / (N (1 - \varphi)^2)] / N$.
        """
        phi, count = self.chain_correlation, measurements
        effective = (1 + phi) / (1 - phi) - 2 * phi * (1 - phi**count) / (count * (1 - phi) ** 2)
        return effective / count * self.correlation * np.outer(self.noise, self.noise)

    def draw(self, generator: np.random.Generator, measurements: int) -> Float[np.ndarray, "measurements points"]:
        """Draw one Markov chain, in equilibrium from its first element on.

        Args:
            generator: of the random numbers.
            measurements: length of the chain.
        """
        root = np.linalg.cholesky(self.correlation + 1e-14 * np.eye(len(self.grid)))
        fresh = generator.standard_normal((measurements, len(self.grid))) @ root.T
        fresh[1:] *= math.sqrt(1.0 - self.chain_correlation**2)
        chain = np.empty_like(fresh)
        previous = np.zeros(len(self.grid))
        for index, step in enumerate(fresh):
            previous = chain[index] = self.chain_correlation * previous + step
        return self.exact + self.noise * chain

    def samples(self, generator: np.random.Generator, measurements: int) -> CorrelatorSamples:
        """Draw one chain as the readers return it, in lattice units; arguments as for `draw`."""
        chain = self.draw(generator, measurements)
        source = Source("mock", "", 0)
        return CorrelatorSamples(self.grid, ((chain,),), "tau", "a", "", (), source)

    @staticmethod
    def _distance(grid: Float[np.ndarray, " points"], extent: float) -> Float[np.ndarray, " points"]:
        """Time from the nearest source."""
        return np.minimum(grid, extent - grid)
