"""Correlation functions of pairs of hadrons, the sources that emit them, and the forces between them."""
