"""Euclidean correlators -> spectral functions."""
