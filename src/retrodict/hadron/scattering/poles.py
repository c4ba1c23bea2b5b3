r"""Poles of the S-matrix on every sheet: bound states, virtual states and resonances, with their waves and residues.

A pole is an energy at which a wave is purely outgoing in all channels, $u_c' = L_c u_c$ at the radius with $L_c$ the
logarithmic slope of $G + iF$ at the momentum of the sheet. With the R-matrix of the interior this is
$\det(1 - R(E)L(E)) = 0$, solved by Newton's method from many places at a time. Poles so deep on an unphysical sheet
that the tail of the potential outgrows the wave belong to the radius, not to the force: `common_poles` of two radii.

Normalisation (Ya. B. Zel'dovich): $\int u^2 dr = 1$ with the outside continued analytically; then the S-matrix has the
residue $-iA_cA_{c'}$ in k (one channel) with $u \to A(G + iF)$, and $dE/dV(r) = u^2(r)$.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Complex, Float

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.coulomb import outgoing_slope, sommerfeld_parameter
from retrodict.hadron.scattering.numerov import riccati_hankel
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh, Potential, interior, surfaces

ITERATIONS: Final = 60
ACROSS: Final = 24  # starts of Newton's method along the real axis
DOWN: Final = 8  # and along the imaginary one
CLOSE: Final = 1e-6  # relative distance of what is one pole

Kind = Literal["bound", "virtual", "resonance"]


@dataclass(frozen=True)
class Pole:
    """A pole of the S-matrix."""

    energy: complex  # [MeV]
    momenta: Complex[np.ndarray, " channel"]  # of each channel on this sheet [MeV]
    kind: Kind  # a resonance is every pole off the real axis or above a threshold
    wave: Complex[np.ndarray, "channel points"]  # u at the mesh [fm^-1/2], normalised
    amplitudes: Complex[np.ndarray, " channel"]  # A [fm^-1/2]; of a channel with Coulomb force u at the radius

    @property
    def response(self) -> Complex[np.ndarray, "channel points"]:
        """dE / dV_cc(r) at the mesh [fm^-1]: times weights and a change of the potential the change of the energy."""
        return self.wave**2


class _Surface:
    """What poles need of interior and outside."""

    def __init__(self, potential: Potential, mesh: LegendreMesh, channels: Sequence[Channel], sheet: Sequence[int]):
        C, B = np.asarray(interior(potential, mesh, channels)), surfaces(mesh, channels)
        if np.iscomplexobj(C):
            self.levels, vectors = np.linalg.eig(C)
            vectors = vectors / np.sqrt((vectors**2).sum(axis=0))
        else:
            self.levels, vectors = np.linalg.eigh(C)
        self.vectors, self.shares = vectors, vectors.T @ B
        self.mesh, self.channels, self.sheet = mesh, channels, sheet

    def momenta(self, energy: Complex[np.ndarray, " e"]) -> Complex[np.ndarray, "e channel"]:
        found = []
        for channel, sign in zip(self.channels, self.sheet, strict=True):
            k = np.sqrt(2 * channel.reduced_mass * (energy - channel.threshold))
            found.append(sign * np.where(np.imag(k) < 0, -k, k))
        return np.stack(found, axis=-1)

    def slopes(self, momenta: Complex[np.ndarray, "e channel"]) -> Complex[np.ndarray, "e channel"]:
        """L [fm^-1]."""
        found = []
        for k, channel in zip(momenta.T, self.channels, strict=True):
            eta = sommerfeld_parameter(k, channel.reduced_mass, channel.charge_product)
            found.append(k / HBAR_C * outgoing_slope(channel.l, eta, k / HBAR_C * self.mesh.radius))
        return np.stack(found, axis=-1)

    def slopes_and_change(self, energy: Complex[np.ndarray, " e"]) -> tuple[np.ndarray, np.ndarray]:
        """L and dL/dE, by differences in k along which L is analytic."""
        k = self.momenta(energy)
        L, h = self.slopes(k), 2e-3
        far, near = (self.slopes(k * (1 + n * h)) - self.slopes(k * (1 - n * h)) for n in (2, 1))
        masses = np.array([channel.reduced_mass for channel in self.channels])
        return L, (8 * near - far) / (12 * h * k) * masses / k

    def condition(self, energy: Complex[np.ndarray, " e"]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """1 - R L, the derivative of its determinant, L and dL/dE."""
        gap = self.levels - energy[:, None]
        R = np.einsum("mc,em,md->ecd", self.shares, 1 / gap, self.shares)
        rise = np.einsum("mc,em,md->ecd", self.shares, 1 / gap**2, self.shares)
        L, change = self.slopes_and_change(energy)
        M = np.eye(len(self.channels)) - R * L[:, None, :]
        slope = -rise * L[:, None, :] - R * change[:, None, :]
        return M, np.einsum("ecd,edc->e", _adjugate(M), slope), L, change


def _adjugate(M: Complex[np.ndarray, "e c c"]) -> Complex[np.ndarray, "e c c"]:
    """det(M) times the inverse, which exists also where the inverse does not."""
    found = np.empty_like(M)
    for i, j in np.ndindex(M.shape[1:]):
        found[:, j, i] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(M, i, axis=1), j, axis=2))
    return found


def find_poles(
    potential: Potential,
    *,
    mesh: LegendreMesh,
    channels: Sequence[Channel],
    sheet: Sequence[int],
    lowest: float,
    highest: float,
    deepest: float,
) -> tuple[Pole, ...]:
    """All poles found in a window of one sheet, by their real parts; of a pair of conjugates the lower one.

    Args:
        potential: at the mesh, local [MeV] or not [MeV/fm], real or complex, of one or more channels.
        mesh: the points; the force has vanished at the radius.
        channels: all that are coupled.
        sheet: for each channel 1 where Im k > 0 (physical) and -1 where Im k < 0.
        lowest: of the real parts of the energies [MeV].
        highest: of the real parts of the energies [MeV].
        deepest: -Im E of the window [MeV], half of the largest width.

    Raises:
        InputError: for a sheet that is none, an empty window, or a potential of another mesh.
    """
    if len(sheet) != len(channels) or any(sign not in (1, -1) for sign in sheet):
        raise InputError("a sheet", got=str(tuple(sheet)), expected=f"1 or -1 for each of {len(channels)} channels")
    if not (lowest < highest and deepest > 0):
        raise InputError("an empty window of energies", got=f"{lowest} to {highest} MeV, down to {deepest} MeV")
    surface = _Surface(potential, mesh, channels, sheet)
    energy = _starts(channels, lowest, highest, deepest)
    inside = surface.levels[
        (np.real(surface.levels) > lowest - deepest) & (np.real(surface.levels) < highest + deepest)
    ]
    reach = 0.2 * (highest - lowest + deepest)
    step = np.zeros_like(energy)
    for _ in range(ITERATIONS):
        # Times the product of E - E_level, which takes the poles of the R-matrix away.
        with np.errstate(all="ignore"):
            M, slope, _, _ = surface.condition(energy)
            value = np.linalg.det(M)
            step = value / (slope + value * np.sum(1 / (energy[:, None] - inside), axis=1))
        step = np.where(np.isfinite(step), step, reach)
        step *= np.minimum(1, reach / np.maximum(np.abs(step), 1e-300))
        energy = energy - step
    size = np.abs(energy) + 1e-3
    real = not np.iscomplexobj(potential)
    good = (np.abs(step) < CLOSE * size) & (np.real(energy) > lowest) & (np.real(energy) < highest)
    good &= (np.imag(energy) > -deepest) & (np.imag(energy) < (CLOSE * size if real else deepest))
    found: list[complex] = []
    for candidate in energy[good]:
        if all(abs(candidate - other) > 10 * CLOSE * (abs(other) + 1e-3) for other in found):
            found.append(complex(candidate))
    return tuple(_pole(surface, energy) for energy in sorted(found, key=lambda e: e.real))


def _starts(channels: Sequence[Channel], lowest: float, highest: float, deepest: float) -> Complex[np.ndarray, " e"]:
    """Evenly in the window, and ever closer to each threshold."""
    real = np.linspace(lowest, highest, ACROSS)
    down = deepest * np.append(1e-6, np.linspace(0, 1, DOWN)[1:] ** 2)
    even = np.add.outer(real, -1j * down).ravel()
    near = np.geomspace(1e-4, 1, 12) * max(abs(lowest), abs(highest))
    # Exactly real energies below all thresholds stay real.
    around = [[t - near, t + near - 0.1j * near, t + near - 1e-3j * near] for t in {c.threshold for c in channels}]
    return np.concatenate([even, np.ravel(around), np.linspace(lowest, min(highest, -1e-6), ACROSS)]) + 0j


def _pole(surface: _Surface, energy: complex) -> Pole:
    M, _, L, change = surface.condition(np.array([energy]))
    # The wave at the radius, times sqrt(hbar^2 / 2 mu), is the null vector.
    edge = np.linalg.svd(M[0])[2][-1].conj()
    vector = surface.shares @ (L[0] * edge) / (surface.levels - energy)
    norm = np.sqrt(np.sum(vector**2) + np.sum(edge * change[0] * edge))
    momenta = surface.momenta(np.array([energy]))[0]
    wave = (surface.vectors @ vector).reshape(len(surface.channels), -1) / norm / np.sqrt(surface.mesh.weights)
    amplitudes = []
    for k, value, channel in zip(momenta, edge / norm, surface.channels, strict=True):
        rho = jnp.asarray(k / HBAR_C * surface.mesh.radius)
        outside = 1.0 if channel.charge_product else complex(riccati_hankel(channel.l, rho))
        amplitudes.append(value / np.sqrt(channel.curvature) / outside)
    kind: Kind = "resonance"
    if abs(energy.imag) < CLOSE * (abs(energy) + 1e-3) and energy.real < min(c.threshold for c in surface.channels):
        kind = "bound" if all(sign == 1 for sign in surface.sheet) else "virtual"
    return Pole(energy, momenta, kind, wave, np.array(amplitudes))


def common_poles(poles: Sequence[Pole], others: Sequence[Pole], tolerance: float = 1e-4) -> tuple[Pole, ...]:
    """Those of `poles` that another radius of the mesh leaves where they are.

    Args:
        poles: found with one radius.
        others: found with another radius in the same window of the same sheet.
        tolerance: relative distance in energy.
    """
    return tuple(p for p in poles if any(abs(p.energy - o.energy) < tolerance * abs(p.energy) for o in others))


def poles_of_rational(
    numerator: Float[np.ndarray, " p"],
    denominator: Float[np.ndarray, " q"],
    l: int = 0,  # noqa: E741
) -> tuple[Complex[np.ndarray, " poles"], Complex[np.ndarray, " poles"]]:
    r"""All poles in k of $S = (P + ik^{2l+1}Q)/(P - ik^{2l+1}Q)$, where $k^{2l+1}\cot\delta = P(k^2)/Q(k^2)$.

    Args:
        numerator: coefficients of P, of 1, k^2, k^4, ...
        denominator: of Q.
        l: angular momentum.

    Returns:
        The momenta, in the unit to which the coefficients belong, and the residues of S there.
    """
    P = np.zeros(2 * len(numerator) - 1)
    P[::2] = numerator
    Q = np.zeros(2 * (len(denominator) + l))
    Q[2 * l + 1 :: 2] = denominator
    incoming = np.polynomial.Polynomial(P) - np.polynomial.Polynomial(1j * Q)
    outgoing = np.polynomial.Polynomial(P) + np.polynomial.Polynomial(1j * Q)
    momenta = incoming.roots()
    slope = incoming.deriv()
    for _ in range(2):
        momenta = momenta - incoming(momenta) / slope(momenta)
    return momenta, outgoing(momenta) / slope(momenta)
