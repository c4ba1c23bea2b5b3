"""The impact parameter of each event from its particles, with an error that is calibrated."""
