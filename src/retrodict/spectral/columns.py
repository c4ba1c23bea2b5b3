"""What the columns and arrays of a correlator file are called, lower-case, and the units of its grid."""

import re
from typing import Final, Literal

GRID_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "tau": ("tau", "t", "time", "x0", "x_0", "euclidean_time", "imaginary_time"),
    "momentum": ("p", "momentum", "k", "q", "p_gev"),
    "matsubara": ("omega_n", "matsubara", "iomega_n", "w_n", "wn", "iwn", "nu_n", "matsubara_frequency"),
}
MEAN_NAMES: Final = (
    "mean",
    "d",
    "g",
    "c",
    "corr",
    "correlator",
    "value",
    "values",
    "propagator",
    "gtau",
    "g_tau",
    "d_p",
    "c_t",
)
ERROR_NAMES: Final = ("sigma", "error", "err", "std", "stderr", "sdev", "uncertainty", "delta")
ERRORS_OF: Final = ("sigma_{}", "{}_error", "{}_err", "{}_sigma", "{}_std", "d{}", "delta_{}", "err_{}", "error_{}")
COVARIANCE_NAMES: Final = ("covariance", "cov", "covariance_matrix", "cov_matrix")
Rows = Literal["measurements", "jackknife", "bootstrap"]  # what a row of the data is
REPLICATES: Final[dict[str, Rows]] = {  # columns jk_0, jk_1, ... and the like: the word, and what it stands for
    **dict.fromkeys(("jk", "jack", "jackknife"), "jackknife"),
    **dict.fromkeys(("boot", "bs", "bootstrap"), "bootstrap"),
}
REPLICATE: Final = re.compile(rf"({'|'.join(REPLICATES)})_?(\d{{1,5}})", re.ASCII)
SAMPLE_NAMES: Final = ("samples", "measurements", "configurations", "configs", "data")

# Lattice units by their name: the power of the lattice spacing; 0 where the name does not say.
LATTICE_UNITS: Final = {
    "a": 1,
    "1/a": -1,
    "a^-1": -1,
    "a-1": -1,
    "a**-1": -1,
    "lattice": 0,
    "lattice units": 0,
    "1": 0,
    "-": 0,
}
