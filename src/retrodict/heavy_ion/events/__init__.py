"""Particle lists of event generators, and what is measured on them: yields, spectra, flow, charge correlators."""
