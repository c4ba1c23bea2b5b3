"""Initial conditions: nuclei, Monte Carlo Glauber, TRENTo, eccentricities and centrality classes."""
