"""Potentials between two hadrons: priors over functions of the distance, and those of the literature."""
