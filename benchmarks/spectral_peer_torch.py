"""Time of one Adam step of the published networks in PyTorch, run with the Python that has it.

python benchmarks/spectral_peer_torch.py question.json answer.json
"""

import json
import sys
import time
from pathlib import Path

import torch
from torch import nn


def network(outputs, bias):
    """1 -> 64, 3 x (64 -> 64), 64 -> outputs."""
    layers = [nn.Linear(1, 64, bias=bias), nn.ELU()]
    for _ in range(3):
        layers += [nn.Linear(64, 64, bias=bias), nn.ELU()]
    return nn.Sequential(*layers, nn.Linear(64, outputs, bias=bias), nn.Softplus())


def milliseconds(model, inputs, omega, operator, data, steps, repeats, refining):
    """Least wall time of a step over `repeats` blocks; `refining` moves the last layer only, as the authors do it."""
    moving = list((model[-2] if refining else model).parameters())
    optimiser = torch.optim.Adam(moving, lr=1e-3)

    def step():
        optimiser.zero_grad()
        rho = model(inputs).reshape(-1) * omega
        loss = ((operator @ rho - data) ** 2).sum()
        loss = loss + 0.5e-3 * sum((p**2).sum() for p in moving)
        if not refining:
            loss = loss + 1e-4 * ((rho[1:] - rho[:-1]) ** 2).sum()
        loss.backward()
        optimiser.step()

    blocks = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        blocks.append(time.perf_counter() - start)
    return 1e3 * min(blocks) / steps


def main():
    """Both networks, with as many threads as asked for."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(given["threads"])
    omega, operator, data = (torch.tensor(given[k], dtype=torch.float32) for k in ("omega", "operator", "data"))
    same = omega, operator, data, given["steps"], given["repeats"]
    answer = {"version": torch.__version__, "NN": {}, "NN-P2P": {}}
    for phase, refining in (("warm-up", False), ("refinement", True)):
        answer["NN"][phase] = milliseconds(network(len(omega), False), torch.ones(1), *same, refining)
        answer["NN-P2P"][phase] = milliseconds(network(1, True), omega.reshape(-1, 1), *same, refining)
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
