"""Simulator designs and measurements: emulators, the posterior of the parameters, and what the data leave open."""
