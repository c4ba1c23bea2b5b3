"""Amplitudes of one and of two channels near thresholds: their poles on every sheet, from phase shifts and spectra."""
