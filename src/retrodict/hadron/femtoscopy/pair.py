"""Two particles and the states of their spins: what decides on the wave function of a pair."""

from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from retrodict.base.constants import HADRON_MASSES
from retrodict.base.domains import did_you_mean
from retrodict.base.errors import InputError
from retrodict.hadron.femtoscopy.potentials import AbstractFittedPotential, Potential

LIGHTEST: Final = 50.0  # MeV: a lighter particle is one in GeV
WEIGHTS: Final = 1e-6  # how far from one the weights of the spin channels may sum up


@dataclass(frozen=True)
class Channel:
    """A state of the two spins.

    Args:
        weight: share of the pairs in this state: (2 S + 1) / ((2 s_1 + 1) (2 s_2 + 1)) for unpolarised ones.
        spin: S, the total spin; for identical particles it decides between even and odd partial waves.
        potential: the strong interaction; None: none.
        l_max: the highest angular momentum in which the potential acts; higher waves are free, or Coulomb waves.
    """

    weight: Annotated[float, Field(gt=0, le=1)]
    spin: Annotated[float, Field(ge=0)] = 0.0
    potential: Potential | None = None
    l_max: Annotated[int, Field(ge=0, le=8)] = 0

    @property
    def fitted(self) -> AbstractFittedPotential | None:
        """Its potential, if that is fitted."""
        return self.potential if isinstance(self.potential, AbstractFittedPotential) else None


class Pair(NamedTuple):
    """Two particles."""

    reduced_mass: float  # mu [MeV]
    charge_product: int  # Z1 Z2
    identical: bool

    def symmetry(self, channel: Channel) -> int:
        """Of the spatial wave function under exchange: 0 for distinguishable particles, else (-1)^S.

        Bosons with an even S have a symmetric state of spins, fermions an antisymmetric one: l + S is even for both.

        Args:
            channel: the state of the spins.
        """
        return 0 if not self.identical else 1 if int(channel.spin) % 2 == 0 else -1

    def waves(self, channel: Channel) -> tuple[int, ...]:
        """The angular momenta in which the potential of a channel acts.

        Args:
            channel: the state of the spins.
        """
        step = 1 if not self.identical else 2
        return tuple(range(0 if self.symmetry(channel) >= 0 else 1, channel.l_max + 1, step))


def pair_of(particles: tuple[str | float, str | float], charge_product: int, *, identical: bool) -> Pair:
    """The pair of a config.

    Args:
        particles: names with a known mass, or masses [MeV].
        charge_product: Z1 Z2.
        identical: whether the particles are the same.

    Raises:
        InputError: for an unknown name, a mass that is not in MeV, and identical particles of different masses or of
            opposite charges.
    """
    one, two = (mass_of(particle) for particle in particles)
    if identical and abs(one - two) > 1e-9 * one:
        got = f"masses {one:g} and {two:g} MeV"
        raise InputError("identical particles have one mass", got=got, fix="identical: false")
    if identical and charge_product < 0:
        got = f"charge_product: {charge_product}"
        raise InputError("identical particles do not attract each other", got=got, fix="identical: false")
    return Pair(one * two / (one + two), charge_product, identical)


def mass_of(particle: str | float) -> float:
    """The mass of a particle [MeV].

    Args:
        particle: its name, or the mass itself.

    Raises:
        InputError: for an unknown name, and for a mass below that of any hadron.
    """
    if not isinstance(particle, str):
        if particle < LIGHTEST:
            expected = "MeV: a proton has 938.272"
            raise InputError("no hadron is that light", got=f"a mass of {particle:g}", expected=expected)
        return float(particle)
    if particle not in HADRON_MASSES:
        fix = did_you_mean(particle, HADRON_MASSES) or "give the mass in MeV instead"
        expected = f"one of {', '.join(HADRON_MASSES)}"
        raise InputError("a particle of unknown mass", got=particle, expected=expected, fix=fix)
    return HADRON_MASSES[particle]


def check_channels(channels: tuple[Channel, ...], pair: Pair) -> None:
    """Check that the channels are all states of the spins, and that each potential acts in some wave.

    Args:
        channels: of the pair.
        pair: the particles.

    Raises:
        InputError: if weights do not sum to one, a potential acts in no wave, or two potentials are fitted.
    """
    total = sum(channel.weight for channel in channels)
    if abs(total - 1.0) > WEIGHTS:
        got = f"{' + '.join(f'{channel.weight:g}' for channel in channels) or 'no channels'} = {total:g}"
        why = "each pair is in one of the states of the spins"
        fix = "a channel without interaction is {weight: ..., potential: null}"
        raise InputError("the weights of the spin channels do not sum to one", got=got, expected="1", why=why, fix=fix)
    for channel in channels:
        if pair.identical and channel.spin != int(channel.spin):
            got = f"spin: {channel.spin:g}"
            raise InputError("the total spin of two identical particles is whole", got=got, expected="0, 1, 2, ...")
        if channel.potential is not None and not pair.waves(channel):
            why = f"identical particles with spin {channel.spin:g} are in odd partial waves"
            fix = "l_max: 1 for that channel, or potential: null"
            raise InputError("a potential acts in no partial wave", got=f"l_max: {channel.l_max}", why=why, fix=fix)
    if sum(channel.fitted is not None for channel in channels) > 1:
        raise InputError("two potentials are fitted", expected="one: the data fix no more", fix="fix all others")
