"""Simulator designs and measurements: emulators, the posterior of what a simulator was told, and what it leaves open."""
