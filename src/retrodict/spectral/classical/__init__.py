"""The classical reconstructions: pure functions of a `LinearProblem`, with the error that the method usually quotes."""
