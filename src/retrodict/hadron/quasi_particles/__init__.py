"""Masses of quasi-particles behind the equation of state of hot matter."""
