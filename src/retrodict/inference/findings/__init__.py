"""Records of diagnostics that several methods share, one kind a file; see `run.diagnostic` for what a record is."""
