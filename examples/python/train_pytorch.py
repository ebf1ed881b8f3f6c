"""An LSTM or GRU on scaled windows, exported by PyTorch's TorchScript exporter with a free batch.

python train_pytorch.py train.csv --kind gru --out gru [--mlflow http://127.0.0.1:5000]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn
from windows import TIME_FEATURES, log_to_mlflow, read_traffic, time_features, windows_of, write_import_files

LOOKBACK = 10
OPSET = 17
BATCH = 64
CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Forecaster(nn.Module):
    """Scaled windows [batch, lookback, features] to the scaled next row [batch, targets]."""

    def __init__(self, kind: str, features: int, targets: int, hidden: int) -> None:
        super().__init__()
        self.cells = CELLS[kind](features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, targets)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        states, _ = self.cells(window)
        return self.head(states[:, -1])


def train(model: Forecaster, inputs: torch.Tensor, targets: torch.Tensor, epochs: int) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(inputs)).split(BATCH):
            loss = nn.functional.l1_loss(model(inputs[rows]), targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kind", choices=sorted(CELLS), default="lstm")
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--mlflow", metavar="URI")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)

    times, table = read_traffic(options.csv)
    columns = list(table.columns)
    mean, std = table.mean().to_numpy(), table.std(ddof=0).replace(0.0, 1.0).to_numpy()
    raw = windows_of(np.concatenate([table.to_numpy(), time_features(times)], axis=1), LOOKBACK)
    centre = np.concatenate([mean, np.zeros(len(TIME_FEATURES))])
    spread = np.concatenate([std, np.ones(len(TIME_FEATURES))])
    inputs = torch.tensor((raw - centre) / spread, dtype=torch.float32)
    targets = torch.tensor(((table.to_numpy() - mean) / std)[LOOKBACK:], dtype=torch.float32)

    model = Forecaster(options.kind, raw.shape[2], len(columns), options.hidden)
    train(model, inputs, targets, options.epochs)
    model.eval()
    torch.onnx.export(
        model,
        (inputs[:2],),
        str(options.out / "model.onnx"),
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    scaler = {
        name: {"kind": "standard", "mean": float(m), "std": float(s)} for name, m, s in zip(columns, mean, std)
    }
    (options.out / "scaler.json").write_text(json.dumps(scaler))

    session = onnxruntime.InferenceSession(options.out / "model.onnx")

    def forecast(windows: np.ndarray) -> np.ndarray:
        scaled = ((windows - centre) / spread).astype(np.float32)
        return session.run(None, {"input": scaled})[0] * std + mean

    write_import_files(options.out, [*columns, *TIME_FEATURES], raw, times, forecast)
    if options.mlflow:
        params = {"kind": options.kind, "hidden": options.hidden, "epochs": options.epochs, "lookback": LOOKBACK}
        log_to_mlflow(options.mlflow, f"flts-{options.kind}", options.out, params)


if __name__ == "__main__":
    main()
