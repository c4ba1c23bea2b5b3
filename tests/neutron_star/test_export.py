"""What is exported of a draw is enough to find its stars again."""

import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.neutron_star import problems
from retrodict.neutron_star.ansatz import CoreGrid, FirstOrderTransition, GaussianProcessSoundSpeed
from retrodict.neutron_star.eos.equation_of_state import from_table
from retrodict.neutron_star.export import MATTER, STARS, tables
from retrodict.neutron_star.stars.sequence import maximum_mass, star_at_mass
from retrodict.neutron_star.stars.tov import solve

GRID = CoreGrid(intervals=60)
DRAWS = 3


@pytest.fixture(scope="module", params=[GaussianProcessSoundSpeed(GRID), FirstOrderTransition()], ids=["GP", "FOPT"])
def exported(request):
    target = problems.problem(ansatz=request.param)
    return tables(target, np.asarray(0.3 * jr.normal(jr.key(1), (DRAWS, target.dim))))


def rows(table, draw):
    """The columns of one draw without the rows that are no numbers."""
    columns = {name: values[draw] for name, (values, _) in table.items()}
    known = np.isfinite(columns[next(iter(columns))])
    return {name: column[known] for name, column in columns.items()}


def test_tables_carry_their_units(exported):
    for name, units in (("equation_of_state", MATTER), ("stars", STARS)):
        assert {column: unit for column, (_, unit) in exported[name].items()} == units


def test_stars_rise_to_the_heaviest_in_order_of_central_density(exported):
    for draw in range(DRAWS):
        stars = rows(exported["stars"], draw)
        assert (np.diff(stars["central_density"]) > 0).all()
        assert np.isfinite(list(stars.values())).all()
        assert stars["mass"].max() > 1.0
        falls = np.diff(stars["mass"]) < -1e-9  # equal where the centre lies in a transition
        assert falls.sum() <= 1  # where a twin branch begins


def test_the_exported_matter_makes_the_exported_stars(exported):
    """The nodes read back as a table, and solved: maximum mass, and R and Lambda of the star of 1.3 Msun."""
    for draw in range(DRAWS):
        matter, stars = (rows(exported[name], draw) for name in ("equation_of_state", "stars"))
        sequence = solve(from_table(*matter.values(), crust=False))  # it reaches down to the surface
        assert_allclose(maximum_mass(sequence).mass, stars["mass"].max(), rtol=1e-3)
        k = np.argmin(np.abs(stars["mass"] - 1.3))
        star = star_at_mass(sequence, stars["mass"][k])
        assert_allclose(star.radius, stars["radius"][k], rtol=2e-3)
        assert_allclose(star.tidal_deformability, stars["tidal_deformability"][k], rtol=1e-2)
