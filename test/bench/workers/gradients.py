"""PyTorch beside the small ops with gradient: answers lines of JSON, each a call to prepare or a turn to time."""

import json
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
output = sys.stdout
sys.stdout = sys.stderr

SPACES = [F, torch, torch.linalg, torch.fft, torch.Tensor]


def decode(value):
    if isinstance(value, list):
        return [decode(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "options" in value:
        return {key: decode(entry) for key, entry in value["options"].items()}
    tensor = torch.tensor(value["tensor"], dtype=getattr(torch, value["dtype"])).reshape(value["shape"])
    return tensor.requires_grad_() if value["requiresGrad"] else tensor


def tensors_in(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [x for entry in value for x in tensors_in(entry)]
    if isinstance(value, dict):
        return [x for entry in value.values() for x in tensors_in(entry)]
    return []


def functions(names):
    for name in names:
        if "." in name:
            found = torch
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is not None:
                yield found
            continue
        for space in SPACES:
            found = getattr(space, name, None)
            if callable(found):
                yield found


def prepare(request):
    """The same call, differentiated; None where PyTorch has it in no such form."""
    args = [decode(value) for value in request["args"]]
    options = args.pop() if args and isinstance(args[-1], dict) else {}
    inputs = [x for x in tensors_in([args, options]) if x.requires_grad]
    for f in functions(request["names"]):
        try:
            y = f(*args, **options)
            outputs = [x for x in tensors_in(y) if x.requires_grad]
            if [list(x.shape) for x in outputs] != request["outputs"]:
                continue
            given = [torch.ones_like(x) for x in outputs]
            if isinstance(y, torch.Tensor):
                given = given[0]

                def run():
                    y = f(*args, **options)
                    return torch.autograd.grad(y, inputs, given, allow_unused=True)

            else:

                def run():
                    y = [x for x in f(*args, **options) if x.requires_grad]
                    return torch.autograd.grad(y, inputs, given, allow_unused=True)

            run()
            return run
        except Exception:
            continue
    return None


def turn(run, calls):
    for _ in range(calls // 10):
        run()
    began = time.perf_counter()
    for _ in range(calls):
        run()
    return 1e3 * (time.perf_counter() - began) / calls


def answer(value):
    output.write(json.dumps(value) + "\n")
    output.flush()


answer({"version": torch.__version__})
run = None
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "setup":
        run = prepare(request)
        answer({"able": run is not None, "each": None if run is None else turn(run, 200)})
    else:
        answer({"time": turn(run, request["calls"])})
