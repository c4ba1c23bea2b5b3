"""Free streaming and boost-invariant hydrodynamics in 2+1 dimensions, with the equations of state that it needs."""
