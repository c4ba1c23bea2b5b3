"""Forces between two particles as functions of their distance."""
