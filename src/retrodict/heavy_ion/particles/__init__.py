"""What leaves the freeze-out surface: Cooper-Frye spectra, flow, decays of resonances."""
