"""Equally weighted draws say what the weighted ones say: means, spreads and errors; and chains stay chains."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.num.equal_weights import equally_weighted

RANDOM = np.random.default_rng(5)
VALUES = RANDOM.standard_normal((3000, 3))
WEIGHTS = np.exp(1.2 * VALUES[:, 0] - VALUES[:, 1] ** 2)
SHARE = WEIGHTS / WEIGHTS.sum()
EFFECTIVE = 1 / np.sum(SHARE**2)
MEAN = SHARE @ VALUES
SD = np.sqrt(SHARE @ (VALUES - MEAN) ** 2)


def deviations(numbers):
    """Of the means in standard errors, and of the spreads in per cent."""
    chosen = VALUES[numbers]
    return np.abs(chosen.mean(0) - MEAN) / (SD / np.sqrt(EFFECTIVE)), 100 * np.abs(chosen.std(0) / SD - 1)


def test_means_and_spreads_are_those_of_the_weighted_draws():
    """Within a tenth of the error; draws resampled at random, which are wrong by one error, are found out."""
    mean, spread = deviations(equally_weighted(WEIGHTS[None], VALUES)[0])
    assert np.all(mean < 0.1)
    assert np.all(spread < 1.0)
    mean, _ = deviations(RANDOM.choice(3000, round(EFFECTIVE), p=SHARE))
    assert np.any(mean > 0.1)


def test_there_are_as_many_draws_as_effective_ones():
    """So that their error is that of the weighted draws; each is repeated by its share, up or down to a number."""
    numbers = equally_weighted(WEIGHTS[None], VALUES)
    assert numbers.shape == (1, round(EFFECTIVE))
    copies, expected = np.bincount(numbers[0], minlength=3000), round(EFFECTIVE) * SHARE
    assert np.all((copies == np.floor(expected)) | (copies == np.ceil(expected)))


def test_quantiles_follow_too():
    """Within three standard errors of the weighted ones, at both ends of a skewed quantity."""
    skewed = np.exp(VALUES[:, 0])
    order = np.argsort(skewed)
    chosen = skewed[equally_weighted(WEIGHTS[None], VALUES)[0]]
    for level in (0.16, 0.5, 0.84):
        exact = np.interp(level, np.cumsum(SHARE[order]), skewed[order])
        assert abs(np.mean(chosen < exact) - level) < 3 * np.sqrt(level * (1 - level) / EFFECTIVE)


def test_the_order_of_the_draws_means_nothing():
    numbers = equally_weighted(WEIGHTS[None], VALUES)[0]
    neighbours = np.corrcoef(VALUES[numbers[1:], 0], VALUES[numbers[:-1], 0])[0, 1]
    assert abs(neighbours) < 4 / np.sqrt(numbers.size)
    assert np.array_equal(numbers, equally_weighted(WEIGHTS[None], VALUES)[0])


def test_draws_of_equal_weight_are_left_as_they_are():
    assert equally_weighted(np.ones((4, 50)), np.zeros((200, 1))) is None


def test_draws_without_weight_are_left_out_and_chains_stay_chains():
    weights = np.ones((2, 6))
    weights[0, ::2] = 0.0
    assert equally_weighted(weights, np.zeros((12, 0))).tolist() == [[1, 1, 3, 3, 5, 5], [6, 7, 8, 9, 10, 11]]
    assert equally_weighted(weights[:1], np.zeros((6, 0))).tolist() == [[1, 3, 5]]
    assert equally_weighted(np.zeros((2, 6)), np.zeros((12, 0))).shape == (1, 0)


def test_relatives_stand_in_a_row():
    families = np.tile(np.arange(10), 30)[None]
    numbers = equally_weighted(np.ones((1, 300)), np.zeros((300, 0)), families)[0]
    assert sorted(numbers) == list(range(300))
    assert np.count_nonzero(np.diff(families[0][numbers])) == 9


@pytest.mark.parametrize("columns", [0, 40])
def test_a_heavy_draw_and_more_quantities_than_draws_are_no_trouble(columns):
    values = RANDOM.standard_normal((50, columns))
    values[::2] = np.nan
    weights = np.r_[100.0, np.ones(49)]
    numbers = equally_weighted(weights[None], values)[0]
    assert numbers.size == round(149**2 / (100**2 + 49))
    assert_allclose(np.mean(numbers == 0), 100 / 149, atol=0.5)
