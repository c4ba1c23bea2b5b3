"""How many degrees of freedom each kind of data costs: what the pulls are fitted to beside the matter."""

import jax.numpy as jnp
import numpy as np

from retrodict.neutron_star.likelihood.density import KernelDensity
from retrodict.neutron_star.likelihood.measured_stars import MarginalMassRadius, ProfileMassRadius, PulsarMass
from retrodict.neutron_star.likelihood.noise import mass_radius_errors
from retrodict.neutron_star.likelihood.samples import SampledStar, SampledTides
from retrodict.neutron_star.likelihood.theory import Reachability
from retrodict.problem.likelihood import Independent


def test_every_star_is_fitted_with_a_place_of_its_own_and_every_mass_with_a_mass():
    """Two pulls and one place a star; one pull and one mass a pulsar; a constraint counts as no datum."""
    measured = jnp.array([[1.4, 12.0], [1.9, 11.0], [1.2, 13.0]])
    errors = mass_radius_errors(np.array([0.1, 0.2, 0.1]), np.array([1.0, 0.8, 1.0]))
    rng = np.random.default_rng(0)
    density = KernelDensity.fit(rng.normal(1.4, 0.1, 500), rng.normal(12, 1, 500), np.full(500, 1 / 500))
    terms = {
        "profile": (ProfileMassRadius(measured, errors), 3),
        "marginal": (MarginalMassRadius(measured, errors), 3),
        "pulsars": (PulsarMass(jnp.array([2.01, 1.908]), jnp.array([0.04, 0.016])), 2),
        "samples": (SampledStar(jnp.zeros(2), density), 1),
        "tides": (SampledTides(jnp.zeros(()), density, jnp.asarray(1.188)), 1),
        "reachable": (Reachability(jnp.array([6.5, 3800.0]), jnp.array([0.4, 1000.0]), 2600.0), 2),
    }
    for name, (term, positions) in terms.items():
        assert term.fitted_positions == positions, name
    both = Independent({name: term for name, (term, _) in terms.items()})
    assert both.fitted_positions == sum(positions for _, positions in terms.values())
