r"""
What does the kernel see?
=========================

A Euclidean correlator is :math:`G(\tau)=\int d\omega\,K(\tau,\omega)\,\rho(\omega)`. The singular values of the kernel say how strongly the data depend on each
shape of :math:`\rho`; they fall exponentially.
"""

import matplotlib.pyplot as plt
import numpy as np

TEMPERATURE, POINTS = 0.2, 32  # GeV, number of times in a period
tau = np.arange(1, POINTS // 2 + 1) / POINTS / TEMPERATURE  # GeV^-1; the second half repeats the first
omega = np.linspace(0.02, 8, 500)  # GeV
kernel = np.cosh(omega * (tau[:, None] - 0.5 / TEMPERATURE)) / np.sinh(0.5 * omega / TEMPERATURE)
left_vectors, values, shapes = np.linalg.svd(kernel * (omega[1] - omega[0]) * omega, full_matrices=False)

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.3))
for at in (2, 8, 16):
    left.semilogy(omega, kernel[at - 1], label=rf"$\tau T$ = {at / POINTS:.2f}")
left.set(xlabel="$\\omega$ [GeV]", ylabel="$K(\\tau,\\omega)$", ylim=(1e-4, 30), title="the kernel")
left.legend()
middle.semilogy(np.arange(1, len(values) + 1), values / values[0], "o")
for noise in (1e-2, 1e-4):
    middle.axhline(noise, color="0.5", linestyle="--", linewidth=0.8)
    middle.text(len(values), noise * 1.5, f"relative noise {noise:g}", ha="right", fontsize=8)
middle.set(xlabel="direction", ylabel="singular value / largest", title="what noise leaves", ylim=(1e-12, 3))
for number in range(4):
    height = 2.2 * (3 - number)
    right.axhline(height, color="0.8", linewidth=0.8)
    right.plot(omega, shapes[number] / np.abs(shapes[number]).max() + height)
    right.text(4.9, height + 0.1, f"{number + 1}", ha="right")
right.set(xlabel="$\\omega$ [GeV]", yticks=[], title="the first four directions", xlim=(0, 5))
figure.tight_layout()

# %%
# A hundred times better data add two or three directions. Whatever a reconstruction shows in the other directions comes from its prior or regulator:
# :doc:`/physics/spectral`. For a run, ``retrodict report`` draws the same with the run's own errors and their correlations.
