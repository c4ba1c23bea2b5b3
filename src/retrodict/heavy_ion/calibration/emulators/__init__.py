"""What a simulator would give, learnt from its runs: emulators with gradients and an honest error."""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.heavy_ion.calibration.emulators.emulator import AbstractEmulator as AbstractEmulator
    from retrodict.heavy_ion.calibration.emulators.emulator import EmulatorRecipe as EmulatorRecipe
    from retrodict.heavy_ion.calibration.emulators.emulator import LeaveOneOut as LeaveOneOut
    from retrodict.heavy_ion.calibration.emulators.gaussian_processes import GaussianProcesses as GaussianProcesses
    from retrodict.heavy_ion.calibration.emulators.neural import NeuralEmulator as NeuralEmulator
    from retrodict.heavy_ion.calibration.emulators.polynomial_chaos import PolynomialChaos as PolynomialChaos
    from retrodict.heavy_ion.calibration.emulators.pulls import broken_runs as broken_runs
    from retrodict.heavy_ion.calibration.emulators.pulls import joint_pull as joint_pull
    from retrodict.heavy_ion.calibration.emulators.pulls import left_out_joint_pull as left_out_joint_pull
    from retrodict.heavy_ion.calibration.emulators.saved import load_emulator as load_emulator
    from retrodict.heavy_ion.calibration.emulators.saved import save_emulator as save_emulator
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
