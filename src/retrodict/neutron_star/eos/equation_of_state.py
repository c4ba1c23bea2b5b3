r"""Cold dense matter on a grid in x = ln(n / fm^-3), the one form in which every ansatz reaches the star.

With the log-enthalpy h = ln mu, the first law along cold matter reads

$$dh = c_s^2\,dx, \qquad d\varepsilon = (\varepsilon + p)\,dx, \qquad dp = c_s^2\,(\varepsilon + p)\,dx .$$

Nothing diverges when c_s^2 = 0, so a first-order transition is an ordinary interval on which p and mu stay and eps
grows. Each interval carries its own values at the lower end, the middle and the upper end, one-sided where the sound
speed jumps: every breakpoint is a node, and a fourth-order step never looks across one.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from retrodict.base.types import Scalar
from retrodict.neutron_star.eos import crust as _crust
from retrodict.neutron_star.eos import tabulated
from retrodict.neutron_star.eos.crust import Real, Segment, interval_points
from retrodict.neutron_star.eos.tabulated import Reals

READ_INTERVALS = (60, 26, 42)
READ_GRADING = (1.15, 1.25, 1.0)  # nodes crowd below a breakpoint: the stars centred just above it are small there
LARGEST_SURFACE_RATIO = 3e-4  # p / eps of a first table row that may still be closed by a polytrope
LEAST_SURFACE_INDEX = 1.1  # of that polytrope: at 1 there is no vacuum
SAME_MATTER = 0.1  # of ln eps at one pressure, within which a first row counts as that of the shipped outer crust
READ_DENSITIES = (10.0**14.7, 10.0**15.0)  # g cm^-3, where the three core polytropes of Read et al. meet


class EquationOfState(eqx.Module):
    """Cold matter from the stellar surface to beyond the centre of the heaviest star.

    The columns of the arrays `(intervals, 3)` are the lower end, the middle and the upper end of an interval, one-sided
    where the sound speed jumps. Build one with `from_sound_speed`, `from_piecewise_polytropes` or `from_table`.
    """

    log_density: Float[Array, " nodes"]  # x = ln(n fm^3), ascending
    energy_density: Float[Array, "intervals 3"]  # MeV fm^-3
    pressure: Float[Array, "intervals 3"]  # MeV fm^-3
    sound_speed_squared: Float[Array, "intervals 3"]  # c^2 = 1
    surface_log_enthalpy: Scalar  # ln(mu / mu at p = 0) at the lowest node
    core_start: int = eqx.field(static=True)  # node at which the crust ends

    @property
    def density(self) -> Float[Array, " nodes"]:
        """n [fm^-3] at the nodes."""
        return jnp.exp(self.log_density)

    @property
    def node_energy_density(self) -> Float[Array, " nodes"]:
        """eps [MeV fm^-3] at the nodes."""
        return _at_nodes(self.energy_density)

    @property
    def node_pressure(self) -> Float[Array, " nodes"]:
        """p [MeV fm^-3] at the nodes."""
        return _at_nodes(self.pressure)

    @property
    def chemical_potential(self) -> Float[Array, " nodes"]:
        """mu = (eps + p) / n [MeV] at the nodes."""
        return (self.node_energy_density + self.node_pressure) / self.density

    @property
    def log_enthalpy(self) -> Float[Array, " nodes"]:
        """h = ln(mu / mu at p = 0) at the nodes: zero at the surface of a star."""
        mu = self.chemical_potential
        return self.surface_log_enthalpy + jnp.log(mu / mu[0])

    @property
    def causal(self) -> Bool[Array, " intervals"]:
        """Whether 0 <= c_s^2 <= 1 on the interval and on all below it."""
        speed = self.sound_speed_squared
        return jnp.cumprod(jnp.all((speed >= 0.0) & (speed <= 1.0 + 1e-9), axis=-1)).astype(bool)

    @property
    def acausal_log_density(self) -> Scalar:
        """The x above which matter is superluminal or unstable; infinity if it never is."""
        return jnp.where(self.causal.all(), jnp.inf, self.log_density[jnp.argmin(self.causal)])

    def __call__(self, log_density: Float[Array, " points"]) -> Segment:
        """The state at any density inside the grid, fourth order between nodes and exact at them.

        Args:
            log_density: x = ln(n fm^3), shape (points,); clipped to the grid.

        Returns:
            Matter with arrays of shape (points,).
        """
        x = jnp.clip(log_density, self.log_density[0], self.log_density[-1])
        i = jnp.clip(jnp.searchsorted(self.log_density, x, side="right") - 1, 0, self.energy_density.shape[0] - 1)
        width = self.log_density[i + 1] - self.log_density[i]
        t = (x - self.log_density[i]) / jnp.where(width > 0.0, width, 1.0)
        eps, p, speed = self.energy_density[i], self.pressure[i], self.sound_speed_squared[i]
        return Segment(
            x,
            _hermite(t, width, eps, eps + p),
            _hermite(t, width, p, speed * (eps + p)),
            _parabola(t, speed),
        )


def _at_nodes(values: Float[Array, "intervals 3"]) -> Float[Array, " nodes"]:
    return jnp.concatenate([values[:, 0], values[-1:, 2]])


def _hermite(
    t: Float[Array, " points"],
    width: Float[Array, " points"],
    value: Float[Array, "points 3"],
    slope: Float[Array, "points 3"],
) -> Float[Array, " points"]:
    """Cubic Hermite interpolation on the half interval that holds `t` in [0, 1]."""
    upper = t >= 0.5
    s = jnp.where(upper, 2.0 * t - 1.0, 2.0 * t)
    y0, y1 = (jnp.where(upper, value[:, k + 1], value[:, k]) for k in (0, 1))
    d0, d1 = (0.5 * width * jnp.where(upper, slope[:, k + 1], slope[:, k]) for k in (0, 1))
    return y0 + s * (d0 + s * (3.0 * (y1 - y0) - 2.0 * d0 - d1 + s * (d0 + d1 - 2.0 * (y1 - y0))))


def _parabola(t: Float[Array, " points"], value: Float[Array, "points 3"]) -> Float[Array, " points"]:
    lower, middle, upper = value[:, 0], value[:, 1], value[:, 2]
    return lower + t * (4.0 * middle - 3.0 * lower - upper) + 2.0 * t**2 * (lower - 2.0 * middle + upper)


def core_nodes(edges: list[Scalar], intervals: list[int]) -> Float[Array, " nodes"]:
    """Nodes in x = ln(n fm^3) with equal steps between edges.

    Args:
        edges: x of the edges, ascending; may be traced.
        intervals: number of intervals between each edge and the next; not traced.

    Example:
        >>> import jax.numpy as jnp
        >>> core_nodes([jnp.asarray(0.0), jnp.asarray(1.0), jnp.asarray(3.0)], [2, 2]).tolist()
        [0.0, 0.5, 1.0, 2.0, 3.0]
    """
    pieces = [
        jnp.linspace(lower, upper, count, endpoint=False)
        for lower, upper, count in zip(edges[:-1], edges[1:], intervals, strict=True)
    ]
    return jnp.concatenate([*pieces, jnp.asarray(edges[-1])[None]])


def integrate_sound_speed(
    nodes: Float[Array, " nodes"],
    speed: Float[Array, "intervals 3"],
    energy_density: Real,
    pressure: Real,
) -> Segment:
    """Integrate the first law upward from the first node, to fourth order.

    mu and p are integrated and eps = mu n - p follows, so that mu and p are constant to the last bit where the sound
    speed vanishes.

    Args:
        nodes: x = ln(n fm^3) of the nodes, ascending, shape (nodes,).
        speed: c_s^2 at the lower end, middle and upper end of each interval, shape (intervals, 3).
        energy_density: eps at the first node [MeV fm^-3].
        pressure: p at the first node [MeV fm^-3].
    """
    width, (lower, middle, upper) = jnp.diff(nodes), speed.T
    to_middle = width * (5.0 * lower + 8.0 * middle - upper) / 24.0
    to_upper = width * (lower + 4.0 * middle + upper) / 6.0
    at_lower = jnp.concatenate([jnp.zeros(1), jnp.cumsum(to_upper)[:-1]])
    rise = jnp.stack([at_lower, at_lower + to_middle, at_lower + to_upper], axis=-1)
    enthalpy = (energy_density + pressure) * jnp.exp(rise + interval_points(nodes) - nodes[0])
    growth = speed * enthalpy
    half = width * (5.0 * growth[:, 0] + 8.0 * growth[:, 1] - growth[:, 2]) / 24.0
    full = width * (growth[:, 0] + 4.0 * growth[:, 1] + growth[:, 2]) / 6.0
    below = pressure + jnp.concatenate([jnp.zeros(1), jnp.cumsum(full)[:-1]])
    p = jnp.stack([below, below + half, below + full], axis=-1)
    return Segment(nodes, enthalpy - p, p, speed)


def above_crust(crust: Segment, core: Segment, *, refine_crust: int = 1) -> EquationOfState:
    """Put a core on the crust that ships.

    Args:
        crust: the crust, made with the same `refine_crust`.
        core: matter that starts where the crust ends.
        refine_crust: number of parts into which every interval of the crust was split.
    """
    whole = _crust.join(crust, core)
    surface = jnp.asarray(_crust.surface_log_enthalpy(refine_crust))
    return EquationOfState(*whole, surface_log_enthalpy=surface, core_start=crust.pressure.shape[0])


def from_sound_speed(
    nodes: Float[Array, " nodes"], speed: Float[Array, "intervals 3"], *, refine_crust: int = 1
) -> EquationOfState:
    """Build an equation of state from the sound speed of the core, with the crust that ships below it.

    Args:
        nodes: x = ln(n fm^3), ascending from the join (`core_nodes` makes them), shape (nodes,); may be traced.
        speed: c_s^2 at the lower end, middle and upper end of each interval (`interval_points` gives these x), shape
            (intervals, 3); may be traced.
        refine_crust: number of parts into which every interval of the crust is split.
    """
    crust = _crust.crust(jnp.exp(nodes[0]), refine=refine_crust)
    _, eps, p = _crust.top(crust)
    return above_crust(crust, integrate_sound_speed(nodes, speed, eps, p), refine_crust=refine_crust)


def from_piecewise_polytropes(
    log10_p1: Real,
    gamma: Sequence[Real] | Float[Array, " 3"],
    *,
    top_density: float = 2.4,
    refine: int = 1,
) -> EquationOfState:
    """Build the three polytropes of Read et al. above the crust that ships.

    The first piece meets the innermost crust polytrope where the two cross; where they do not within that piece, they
    are joined at its end and the first index follows from p1. Source: Read, Lackey, Owen, Friedman, PRD 79, 124032
    (2009).

    Args:
        log10_p1: log10 of the pressure [dyn cm^-2] at 10^14.7 g cm^-3.
        gamma: indices below 10^14.7 g cm^-3, up to 10^15 g cm^-3, and above.
        top_density: density of the last node [fm^-3].
        refine: number of parts into which the 128 intervals of the core and those of the crust are split; 4 is the
            high-accuracy grid.
    """
    x1, x2 = (_crust.log_number_density(density) for density in READ_DENSITIES)
    lowest = _crust.log_number_density(_crust.CRUST_LOWEST_DENSITY[3])
    x_join = jnp.clip(_crust.crossing(jnp.asarray(log10_p1), jnp.asarray(gamma[0])), lowest + 0.1, x1 - 0.1)
    outer = _crust.outer_crust(refine)
    count = refine * (_crust.INTERVALS_PER_PIECE[2] + _crust.INTERVALS_PER_PIECE[3])
    segment = _crust.extend(outer, jnp.asarray(_crust.CRUST_INDEX[3]), x_join, count)
    start = segment.pressure.shape[0]
    log_p1 = log10_p1 * np.log(10.0) - np.log(_crust.MEV_FM3_IN_DYN_CM2)
    first = (log_p1 - jnp.log(_crust.top(segment)[2])) / (x1 - x_join)
    edges = [x1, x2, float(np.log(top_density))]
    for index, edge, number, grading in zip(
        [first, gamma[1], gamma[2]], edges, READ_INTERVALS, READ_GRADING, strict=True
    ):
        segment = _crust.extend(segment, jnp.asarray(index), jnp.asarray(edge), refine * number, grading=grading)
    surface = jnp.asarray(_crust.surface_log_enthalpy(refine))
    return EquationOfState(*segment, surface_log_enthalpy=surface, core_start=start)


def polytropic(
    index: Real,
    energy_density: Real,
    pressure: Real,
    nodes: Float[Array, " nodes"],
    *,
    stars_from: int = 0,
) -> EquationOfState:
    """Build one polytrope p ~ n^index down to the vacuum, without a crust.

    The baryon mass follows from eps - p / (index - 1); the closed-form surface needs index > 1.

    Args:
        index: d ln p / d ln n.
        energy_density: eps at the first node [MeV fm^-3].
        pressure: p at the first node [MeV fm^-3].
        nodes: x = ln(n fm^3) of the nodes, ascending, shape (nodes,).
        stars_from: number of the node above which stars are centred.
    """
    segment = _crust.polytrope(nodes, index, energy_density, pressure)
    rest = energy_density - pressure / (index - 1.0)
    return EquationOfState(
        *segment, surface_log_enthalpy=jnp.log(jnp.asarray((energy_density + pressure) / rest)), core_start=stars_from
    )


def from_table(
    baryon_density: Reals, energy_density: Reals, pressure: Reals, *, crust: bool | None = None
) -> EquationOfState:
    """Build an equation of state from a table of at least four rows.

    Rows that share a pressure are a first-order transition. A first row with p = 0 is a bare surface; without a crust,
    one of matter bound by itself (d ln p / d ln eps > 10) is continued to p = 0 with its own sound speed. Superluminal
    parts are kept (see `EquationOfState.acausal_log_density`).

    Args:
        baryon_density: n [fm^-3], ascending, shape (rows,).
        energy_density: eps [MeV fm^-3], ascending, shape (rows,).
        pressure: p [MeV fm^-3], not descending, shape (rows,).
        crust: whether to put the crust that ships below the first row, unless that lies below all of it; None means
            where the first row is too dense to be a surface (p / eps > 3e-4).

    Raises:
        ValueError: if the rows are fewer than four, not finite or not ascending.
    """
    n, eps, p = (np.asarray(a, dtype=float) for a in (baryon_density, energy_density, pressure))
    tabulated.require_rows(n, eps, p)
    lower = _crust_below(n, eps, p) if (p[0] > LARGEST_SURFACE_RATIO * eps[0] if crust is None else crust) else None
    if lower is not None:
        return _table_on_crust(lower, n, eps, p)
    if p[0] > 0.0 and tabulated.is_self_bound(eps, p):
        n, eps, p = tabulated.with_surface(n, eps, p)
    table = tabulated.intervals(n, eps, p)
    whole = Segment(*(jnp.asarray(a) for a in table[:4]))
    surface = jnp.asarray(_log_enthalpy_above_vacuum(eps[0], p[0], float(whole.sound_speed_squared[0, 0])))
    return EquationOfState(*whole, surface_log_enthalpy=surface, core_start=_first_star(table.log_density))


def _log_enthalpy_above_vacuum(eps: float, p: float, speed: float) -> float:
    """ln(mu / mu at p = 0) of the first row: that of the shipped outer crust where the row resembles it, else by one
    polytrope.

    One polytrope would end in the wrong vacuum: electrons cease to be relativistic. At 3e9 g cm^-3 that is 16 m of
    radius.
    """
    if p <= 0.0:
        return 0.0
    eps_crust, above_vacuum = _crust.vacuum_below(p)
    if abs(np.log(eps / eps_crust)) < SAME_MATTER:
        return above_vacuum
    index = max(speed * (eps + p) / p, LEAST_SURFACE_INDEX)
    return float(np.log1p(index / (index - 1.0) * p / (eps - p / (index - 1.0))))


def _crust_below(n: Reals, eps: Reals, p: Reals) -> Segment | None:
    """The crust up to four fifths of the first density; None where the table begins below all of it.

    Where the crust is already stiffer than the first row, it ends at the pressure of that row and the densities jump.
    In the outer crust it ends at the last node below the row: the outer pieces are not cut.
    """
    if 0.8 * n[0] > _crust.LEAST_JOIN:
        crust = _crust.compiled_crust(jnp.asarray(0.8 * n[0]))
        if crust.pressure[-1, 2] < p[0] and crust.energy_density[-1, 2] < eps[0]:
            return crust
        crust = _crust.compiled_crust(_crust.density_at_pressure(jnp.asarray(p[0])))
        if crust.pressure[-1, 2] <= p[0] * (1.0 + 1e-9) and crust.energy_density[-1, 2] < eps[0]:
            return crust
    whole = _crust.compiled_crust(jnp.asarray(_crust.LEAST_JOIN))
    below = (whole.pressure[:, 2] < p[0]) & (whole.energy_density[:, 2] < eps[0])
    count = int(np.argmin(np.append(below, False)))
    return Segment(whole.log_density[: count + 1], *(a[:count] for a in whole[1:])) if count > 0 else None


def _table_on_crust(crust: Segment, n: Reals, eps: Reals, p: Reals) -> EquationOfState:
    """The crust, one interpolated interval, the table.

    Only eps(p) matters to the star, so the densities of the crust are shifted to meet the table's.
    """
    eps_join, p_join = float(crust.energy_density[-1, 2]), min(float(crust.pressure[-1, 2]), p[0])
    n_join = n[0] * (eps_join + p_join) / (eps[0] + p[0])
    table = tabulated.intervals(*(np.insert(a, 0, b) for a, b in ((n, n_join), (eps, eps_join), (p, p_join))))
    core = Segment(*(jnp.asarray(a) for a in table[:4]))
    shifted = crust._replace(log_density=crust.log_density + (core.log_density[0] - crust.log_density[-1]))
    return above_crust(shifted, core)


def _first_star(log_density: Reals) -> int:
    """The node above which stars are sought in a table: half of saturation density."""
    return int(np.clip(np.searchsorted(log_density, np.log(0.08)), 1, log_density.size - 2))
