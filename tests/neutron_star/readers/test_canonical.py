"""The stars of tables: tables of similar lengths share one compiled program, which changes no star."""

from typing import Any, cast

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.neutron_star.eos.equation_of_state import from_table
from retrodict.neutron_star.readers import canonical
from retrodict.neutron_star.stars.tov import maximum_mass, solve, stars_at_mass


def polytrope(rows):
    """Matter stiff enough for two solar masses, as a table that needs a crust."""
    n = np.geomspace(0.05, 1.5, rows)
    p = 3.0 * (n / 0.16) ** 2.7
    return n, 939.0 * n + p / 1.7, p


def matter(rows):
    made = from_table(*polytrope(rows))
    return made, canonical._centres(np.asarray(made.density))


@pytest.fixture(scope="module")
def stars():
    """Of tables of three lengths, and how many programs they took."""
    canonical._program.cache_clear()
    found = {rows: canonical.solved(*matter(rows)) for rows in (33, 60, 97)}
    return found, cast(Any, canonical._program())._cache_size()


def test_tables_of_other_lengths_share_one_program(stars):
    found, programs = stars
    assert programs == 1
    assert [len(sequence.mass) for _, sequence in found.values()] == [len(matter(rows)[1]) for rows in found]


def test_what_fills_a_table_up_changes_no_star(stars):
    """Against the table by itself, to rounding."""
    made, centre = matter(60)
    sequence = jax.jit(lambda eos: solve(eos, centre))(made)
    alone = (maximum_mass(sequence), stars_at_mass(sequence, 1.4, branches=canonical.MOST_TWINS)), sequence
    for filled, by_itself in zip(jax.tree.leaves(stars[0][60]), jax.tree.leaves(alone), strict=True):
        assert_allclose(filled, by_itself, rtol=1e-10)
