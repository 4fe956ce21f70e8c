"""PyTorch as a contender: answers lines of JSON (see harness/contender.ts). Eager, as a person writes it."""

import json
import math
import os
import sys
import time

output = sys.stdout
sys.stdout = sys.stderr


def read_arrays(request):
    import numpy as np

    with open(request["file"], "rb") as file:
        data = file.read()
    arrays = {}
    for name, entry in request["arrays"].items():
        count = math.prod(entry["shape"])
        array = np.frombuffer(data, entry["dtype"], count, entry["offset"]).reshape(entry["shape"])
        tensor = torch.from_numpy(array.copy())
        arrays[name] = tensor.long() if entry["dtype"] == "int32" else tensor
    return arrays


def sequence(widths, activation):
    layers = []
    for i in range(1, len(widths)):
        if i > 1:
            layers.append(activation())
        layers.append(nn.Linear(widths[i - 1], widths[i]))
    return nn.Sequential(*layers)


def cnn(sizes):
    first, second = sizes["channels"]
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * (sizes["side"] // 4) ** 2, sizes["classes"]),
    )


def factors(sizes):
    class Factors(nn.Module):
        def __init__(self):
            super().__init__()
            self.user = nn.Embedding(sizes["users"], sizes["rank"])
            self.item = nn.Embedding(sizes["items"], sizes["rank"])
            self.user_bias = nn.Embedding(sizes["users"], 1)
            self.item_bias = nn.Embedding(sizes["items"], 1)

        def forward(self, u, i):
            product = (self.user(u) * self.item(i)).sum(1)
            return product + self.user_bias(u).squeeze(1) + self.item_bias(i).squeeze(1)

    return Factors()


def gpt(sizes):
    width, heads, length = sizes["width"], sizes["heads"], sizes["length"]

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln1 = nn.LayerNorm(width)
            self.qkv = nn.Linear(width, 3 * width)
            self.proj = nn.Linear(width, width)
            self.ln2 = nn.LayerNorm(width)
            self.fc = nn.Linear(width, 4 * width)
            self.out = nn.Linear(4 * width, width)

        def forward(self, x):
            batch, time_, _ = x.shape
            parts = self.qkv(self.ln1(x)).chunk(3, 2)
            q, k, v = (y.reshape(batch, time_, heads, width // heads).transpose(1, 2) for y in parts)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(y.transpose(1, 2).reshape(batch, time_, width))
            return x + self.out(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))

    class Gpt(nn.Module):
        def __init__(self):
            super().__init__()
            self.wte = nn.Embedding(sizes["vocabulary"], width)
            self.wpe = nn.Parameter(torch.zeros(length, width))
            self.blocks = nn.ModuleList(Block() for _ in range(sizes["layers"]))
            self.lnf = nn.LayerNorm(width)
            self.head = nn.Linear(width, sizes["vocabulary"], bias=False)

        def forward(self, tokens):
            x = self.wte(tokens) + self.wpe
            for block in self.blocks:
                x = block(x)
            return self.head(self.lnf(x))

    return Gpt()


def training_work(request):
    case, sizes = request["case"], request["sizes"]
    arrays = read_arrays(request)
    models = {
        "mlp": lambda: sequence(sizes["widths"], nn.ReLU),
        "moons": lambda: sequence(sizes["widths"], nn.Tanh),
        "cnn": lambda: cnn(sizes),
        "mf": lambda: factors(sizes),
        "gpt": lambda: gpt(sizes),
    }
    model = models[case]()
    prefix = "weights."
    model.load_state_dict({k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)})
    optimizer = torch.optim.Adam(model.parameters(), lr=request["learningRate"])
    data = [v for k, v in arrays.items() if k.startswith("batch.")]
    batches = [[array[k].clone() for array in data] for k in range(request["batches"])]

    def loss_of(operands):
        if case == "mf":
            u, i, rating = operands
            return F.mse_loss(model(u, i), rating)
        x, y = operands
        logits = model(x)
        if case == "gpt":
            return F.cross_entropy(logits.reshape(-1, sizes["vocabulary"]), y.reshape(-1))
        return F.cross_entropy(logits, y)

    at = 0

    def step():
        nonlocal at
        operands = batches[at % len(batches)]
        at += 1
        optimizer.zero_grad()
        loss = loss_of(operands)
        loss.backward()
        optimizer.step()
        return loss

    def run(steps):
        for _ in range(steps):
            loss = step()
        if not math.isfinite(loss.item()):
            raise ValueError("the loss is not finite")

    return [step().item() for _ in range(request["check"])], run


def tiny_work(request):
    place = torch.arange(16, dtype=torch.float32)
    w, b = 0.5 + place / 32, place / 64 - 0.1
    recorded = (0.5 + place / 32).requires_grad_()

    def plain(steps):
        x = b
        for _ in range(0, steps, 3):
            x = x.mul(w).add(b).tanh()
        return x.sum().item()

    def record(steps):
        for _ in range(steps):
            y = recorded.mul(b)
        return y.sum().item()

    def grad(steps):
        for _ in range(0, steps, 4):
            recorded.grad = None
            recorded.mul(b).add(b).tanh().sum().backward()
        return recorded.grad.sum().item()

    run = {"tiny": plain, "tiny-record": record, "tiny-grad": grad}[request["case"]]
    return [run(300)], run


def matmul_work(request):
    arrays = read_arrays(request)
    a, b = arrays["a"], arrays["b"]

    def run(steps):
        for _ in range(steps):
            torch.matmul(a, b)

    return torch.matmul(a, b).flatten()[:64].tolist(), run


def setup(request):
    torch.set_num_threads(request["threads"])
    if request["family"] == "matmul":
        with torch.no_grad():
            check, run = matmul_work(request)
    elif request["case"].startswith("tiny"):
        check, run = tiny_work(request)
    else:
        check, run = training_work(request)
    about = {"python": sys.version.split()[0], "torch": torch.__version__, "threads": torch.get_num_threads()}
    return run, {"check": check, "about": about}


def main():
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "setup":
                run, answer = setup(request)
            else:
                began = time.perf_counter()
                run(request["steps"])
                answer = {"ms": (time.perf_counter() - began) * 1e3}
        except Exception as error:
            print(repr(error), file=sys.stderr)
            answer = {"error": str(error).split("\n")[0] or repr(error)}
        output.write(json.dumps(answer) + "\n")
        output.flush()


try:
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as problem:
    for _ in sys.stdin:
        output.write(json.dumps({"error": f"this Python has no PyTorch: {problem}"}) + "\n")
        output.flush()
    sys.exit(0)
main()
