"""The classical reconstructions: each a pure function of a `LinearProblem`, with the error that it usually quotes."""
