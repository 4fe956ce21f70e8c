"""Makes digits-cnn.pt: PyTorch trains a small network on UCI digits and saves it with what it computes for ten of them.

    python notebooks/data/make_checkpoint.py core/data/assets/digits.bin.gz notebooks/data/digits-cnn.pt
"""
import gzip
import sys

import torch
from torch import nn

raw = gzip.open(sys.argv[1]).read()
labels = torch.tensor(list(raw[:1797]))
images = torch.tensor(list(raw[1797:])).float().div(16).reshape(1797, 1, 8, 8)

torch.manual_seed(0)


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(24)
        self.fc = nn.Linear(24 * 2 * 2, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.norm1(self.conv1(x))), 2)
        x = torch.max_pool2d(torch.relu(self.norm2(self.conv2(x))), 2)
        return self.fc(x.flatten(1))


model = DigitNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
train = slice(0, 1000)
for epoch in range(6):
    order = torch.randperm(1000)
    for i in range(0, 1000, 50):
        batch = order[i : i + 50]
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[train][batch]), labels[train][batch]).backward()
        optimizer.step()

model.eval()
with torch.no_grad():
    logits = model(images[1000:1010])
    accuracy = (model(images[1000:]).argmax(1) == labels[1000:]).float().mean().item()
print(accuracy)
torch.save(
    {
        "model": model.state_dict(),
        "logits": logits,
        "accuracy": accuracy,
        "torch": str(torch.__version__),
        "epochs": 6,
    },
    sys.argv[2],
)
