"""The same layers in PyTorch itself: channels last, autocast for bfloat16, the same Adadelta."""

import torch
from torch import nn


class Translated(nn.Module):
    """A Keras model's layers as PyTorch modules, called in the same order on the same inputs.

    ``model`` is a functional Keras model of the layers that the ten architectures use. Takes
    images ``(n, channels, height, width)`` and returns logits ``(n, classes)``; weights are new.
    Raises :class:`TypeError` for a layer that it does not know.
    """

    def __init__(self, model):
        super().__init__()
        self.wiring = []
        self.parts = nn.ModuleDict()
        for layer in model.layers[1:]:
            sources = [
                tensor._keras_history.operation.name
                for node in layer._inbound_nodes
                for tensor in node.input_tensors
            ]
            self.wiring.append((layer.name, sources))
            self.parts[layer.name] = translate(layer, is_last=layer is model.layers[-1])
        self.first = model.layers[0].name

    def forward(self, images):
        values = {self.first: images}
        for name, sources in self.wiring:
            values[name] = self.parts[name](*(values[source] for source in sources))
        return values[name]


def translate(layer, is_last):
    """Return the PyTorch module of a built Keras layer; the last one loses its softmax."""
    kind = type(layer).__name__
    shape = layer.input.shape if not isinstance(layer.input, list) else None
    if kind == "Conv2D":
        size = layer.kernel_size[0]
        padding = size // 2 if layer.padding == "same" else 0
        return nn.Sequential(nn.Conv2d(shape[-1], layer.filters, size, padding=padding), nn.ReLU())
    if kind == "MaxPooling2D":
        size = layer.pool_size[0]
        padding = size // 2 if layer.padding == "same" else 0
        return nn.MaxPool2d(size, layer.strides[0], padding)
    if kind == "Dense":
        dense = nn.Linear(shape[-1], layer.units)
        # Cross entropy takes logits in PyTorch.
        return dense if is_last else nn.Sequential(dense, nn.ReLU())
    if kind == "BatchNormalization":
        return nn.BatchNorm1d(shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
    if kind == "Dropout":
        return nn.Dropout(layer.rate)
    if kind == "Flatten":
        return nn.Flatten()
    if kind == "Concatenate":
        return Joined()
    raise TypeError(f"{layer.name} is a {kind}, which has no translation to PyTorch here")


class Joined(nn.Module):
    """The concatenation of several ``(n, channels, height, width)`` along their channels."""

    def forward(self, *branches):
        return torch.cat(branches, dim=1)


def make_epoch(model, x, labels, x_val, labels_val, precision, compiler=None):
    """Return a function that trains ``model`` for an epoch and validates it.

    ``x`` is float32 ``(n, channels, height, width)``, ``labels`` int64 ``(n,)``; ``precision``
    is Keras's name. On a GPU, where there is one, the images stay there and float32 products may
    use its TF32 units, as in Keras. ``compiler`` is the backend of ``torch.compile``, if that is to
    make the model's kernels.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    model = model.to(device, memory_format=torch.channels_last)
    x, x_val = (
        part.to(device).contiguous(memory_format=torch.channels_last) for part in (x, x_val)
    )
    labels, labels_val = labels.to(device), labels_val.to(device)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0, rho=0.95, eps=1e-7)
    measure = nn.CrossEntropyLoss()
    run = torch.compile(model, backend=compiler) if compiler else model

    def autocast():
        return torch.autocast(device.type, torch.bfloat16, enabled=precision == "mixed_bfloat16")

    def epoch():
        model.train()
        # Loss and accuracy are kept as Keras keeps them, over the epoch.
        loss_sum = torch.zeros((), device=device)
        right = torch.zeros((), dtype=torch.int64, device=device)
        for chosen in torch.randperm(len(x), device=device).split(128):
            optimizer.zero_grad()
            with autocast():
                logits = run(x[chosen])
            loss = measure(logits.float(), labels[chosen])
            loss.backward()
            optimizer.step()
            loss_sum += loss.detach() * len(chosen)
            right += (logits.argmax(1) == labels[chosen]).sum()
        model.eval()
        with torch.inference_mode(), autocast():
            for start in range(0, len(x_val), 128):
                logits = run(x_val[start : start + 128])
                loss_sum += measure(logits.float(), labels_val[start : start + 128])
                right += (logits.argmax(1) == labels_val[start : start + 128]).sum()
        return float(loss_sum), int(right)

    return epoch
