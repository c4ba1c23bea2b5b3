"""Two particles and a potential: bound states, phase shifts, poles."""
