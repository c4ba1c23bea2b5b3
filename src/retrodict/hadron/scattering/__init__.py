"""Two particles and the force between them: waves, phase shifts, bound states and poles of the radial equation."""
