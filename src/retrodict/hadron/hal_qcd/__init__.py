"""The potential behind a Nambu-Bethe-Salpeter correlator, by the time-dependent method of HAL QCD."""
