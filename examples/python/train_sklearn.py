"""A ridge of scikit-learn on flattened windows, exported with skl2onnx with its scaler inside.

python train_sklearn.py train.csv --out mlp [--mlflow http://127.0.0.1:5000]
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from windows import TIME_FEATURES, log_to_mlflow, read_traffic, time_features, windows_of, write_import_files

LOOKBACK = 10
OPSET = 17


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--alpha", type=float, default=100.0)
    parser.add_argument("--mlflow", metavar="URI")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    times, table = read_traffic(options.csv)
    features = [*table.columns, *TIME_FEATURES]
    windows = windows_of(np.concatenate([table.to_numpy(), time_features(times)], axis=1), LOOKBACK)
    flat = windows.reshape(len(windows), -1)
    targets = table.to_numpy()[LOOKBACK:]

    # Inputs are scaled in the pipeline; a linear model needs no scaled targets: it gives raw units as it is.
    model = make_pipeline(StandardScaler(), Ridge(alpha=options.alpha)).fit(flat, targets)
    exported = to_onnx(model, initial_types=[("window", FloatTensorType([None, flat.shape[1]]))], target_opset=OPSET)
    onnx.save(exported, options.out / "model.onnx")

    session = onnxruntime.InferenceSession(options.out / "model.onnx")
    write_import_files(
        options.out,
        features,
        windows,
        times,
        lambda raw: session.run(None, {"window": raw.reshape(len(raw), -1).astype(np.float32)})[0],
    )
    if options.mlflow:
        log_to_mlflow(options.mlflow, "flts-sklearn", options.out, {"alpha": options.alpha, "lookback": LOOKBACK})


if __name__ == "__main__":
    main()
