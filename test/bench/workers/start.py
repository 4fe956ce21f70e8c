"""Imports PyTorch, computes two products, and says how long each took."""

import json
import time

times = [time.perf_counter()]
import torch

times.append(time.perf_counter())
for size in (64, 256):
    corner = torch.ones(size, size).matmul(torch.ones(size, size))[0, 0].item()
    assert corner == size
    times.append(time.perf_counter())
start, imported, first, large = (1e3 * t for t in times)
print(json.dumps({"import": imported - start, "first": first - imported, "large": large - first}))
