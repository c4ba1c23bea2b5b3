"""The top of the page says of which lattice a run is: its volume and every coupling."""

import pytest

from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.report.subject import subject
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import ContinuumPhi4
from retrodict.lattice.theories.spins import Ising
from retrodict.lattice.theories.wilson import Wilson

SUBJECTS = {
    r"16 × 16 = 256 sites, gauge group U1, $\beta$ = 7": Wilson(U1(), (16, 16), beta=7.0),
    "4 × 4 × 4 = 64 sites, coupling = 0.2": Ising((4, 4, 4), coupling=0.2),
    "8 × 8 = 64 sites, $m^2$ = -4, coupling = 6": ContinuumPhi4((8, 8), mass_squared=-4.0, coupling=6.0),
    "20 sites, spacing $a$ = 0.2, coefficients = 0.5; 1": FeynmanPath(20, 0.2, (0.5, 1.0)),
}


@pytest.mark.parametrize(("expected", "theory"), SUBJECTS.items(), ids=lambda value: type(value).__name__)
def test_volume_and_couplings_are_named(expected: str, theory: AbstractAction):
    assert subject(theory).replace("\u00a0", " ") == expected
