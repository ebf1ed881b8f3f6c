"""Writes foreign models and what they must answer: python foreign_models.py FOLDER.

Each case is a folder: model.onnx, example.json, case.json (names and options), maybe scaler.json, and check.json:
requests with the answers that scikit-learn, or ONNX Runtime on the foreign file with scaling done here, gives.
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

COLUMNS = ["down", "up", "rnti_count", "rb_down_var"]
SIZES = np.array([5e7, 1e6, 1e4, 3e-8])
TIME = [f"{name}_{side}" for name in ("min_of_day", "day_of_week", "day_of_year") for side in ("sin", "cos")]
LOOKBACK = 10
START = datetime(2018, 2, 5, 23, 40)
STEP = timedelta(minutes=2)
ROWS = 400


def time_features(moment: datetime) -> list[float]:
    values = (
        ((moment.hour * 60 + moment.minute) / 1440),
        moment.weekday() / 7,
        moment.timetuple().tm_yday / 365.25,
    )
    return [f(2 * np.pi * value) for value in values for f in (np.sin, np.cos)]


def series(rng: np.random.Generator) -> tuple[list[datetime], np.ndarray]:
    """Timestamps and raw rows [ROWS, columns]: heavy tails, sizes from 1e-8 to 1e8."""
    times = [START + i * STEP for i in range(ROWS)]
    daily = 1 + 0.3 * np.sin(np.arange(ROWS) / 40)[:, None]
    return times, np.float32(SIZES * daily * rng.lognormal(0, 0.6, (ROWS, len(COLUMNS)))).astype(np.float64)


def windows_of(times: list[datetime], rows: np.ndarray, features: list[str], steps: int) -> tuple[np.ndarray, np.ndarray]:
    table = np.concatenate([rows, np.array([time_features(moment) for moment in times])], axis=1)
    names = [*COLUMNS, *TIME]
    chosen = table[:, [names.index(name) for name in features]]
    ends = range(LOOKBACK, ROWS - steps + 1)
    return (
        np.stack([chosen[end - LOOKBACK : end] for end in ends]),
        np.stack([rows[end : end + steps] for end in ends]),
    )


def run_onnx(model: onnx.ModelProto, inputs: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


def save(folder: Path, model: onnx.ModelProto, case: dict, windows: np.ndarray, forecasts: np.ndarray, times: list[datetime], rows: np.ndarray, scaler: dict | None = None) -> None:
    folder.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    if scaler is not None:
        (folder / "scaler.json").write_text(json.dumps(scaler))
    at = [0, 57, 200]
    stamps = [[str(moment) for moment in times[i : i + LOOKBACK]] for i in at]
    examples = [{"window": windows[i].tolist(), "forecast": forecasts[i].tolist(), "ts": ts} for i, ts in zip(at, stamps)]
    (folder / "example.json").write_text(json.dumps(examples))
    (folder / "case.json").write_text(json.dumps(case))
    checks = []
    for i in range(0, len(windows), 40):
        data = {"ts": [str(moment) for moment in times[i : i + LOOKBACK]]}
        data |= {name: rows[i : i + LOOKBACK, column].tolist() for column, name in enumerate(COLUMNS)}
        checks.append({"data": data, "forecast": forecasts[i].tolist()})
    (folder / "check.json").write_text(json.dumps(checks))


def mlp_pipeline(folder: Path, rng: np.random.Generator, double: bool) -> None:
    """scikit-learn: raw, flattened windows; the scalers of both sides are inside the pipeline or the network."""
    times, rows = series(rng)
    features = COLUMNS
    windows, future = windows_of(times, rows, features, 1)
    flat = windows.reshape(len(windows), -1)
    network = MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, random_state=1)
    model = make_pipeline(StandardScaler(), network)
    model.fit(flat, future[:, 0] / SIZES)
    kind = DoubleTensorType if double else FloatTensorType
    exported = to_onnx(model, initial_types=[("X", kind([None, flat.shape[1]]))], target_opset=17)
    scale = {"targets": {name: {"kind": "standard", "mean": 0, "std": float(size)} for name, size in zip(COLUMNS, SIZES)}}
    forecasts = (model.predict(flat) * SIZES)[:, None, :]
    save(folder, exported, {"features": features, "type": "MLP"}, windows, forecasts, times, rows, scale)


def ridge_steps(folder: Path, rng: np.random.Generator) -> None:
    """scikit-learn: scaled outside by MinMaxScaler and StandardScaler; three steps flattened; time features first."""
    times, rows = series(rng)
    features = [*TIME[:2], "up", "down", "rnti_count", "rb_down_var"]
    targets = ["down", "up", "rb_down_var"]
    windows, future = windows_of(times, rows, features, 3)
    future = future[:, :, [COLUMNS.index(name) for name in targets]]
    low = MinMaxScaler().fit(windows.reshape(-1, len(features)))
    out = StandardScaler().fit(future.reshape(-1, len(targets)))
    scaled = low.transform(windows.reshape(-1, len(features))).reshape(len(windows), -1)
    model = Ridge(alpha=1.0).fit(scaled, out.transform(future.reshape(-1, len(targets))).reshape(len(windows), -1))
    exported = to_onnx(model, initial_types=[("X", FloatTensorType([None, scaled.shape[1]]))], target_opset=17)
    forecasts = out.inverse_transform(model.predict(scaled).reshape(-1, len(targets))).reshape(-1, 3, len(targets))
    scaler = {
        "features": {"feature_names_in_": features, "data_min_": low.data_min_.tolist(), "data_max_": low.data_max_.tolist(), "feature_range": [0, 1]},
        "targets": {"mean_": out.mean_.tolist(), "scale_": out.scale_.tolist()},
    }
    save(folder, exported, {"features": features, "targets": targets, "type": "ONNX"}, windows, forecasts, times, rows, scaler)


def recurrent(kind: str, hidden: int, inputs: int, outputs: list[int], names: tuple[str, str], rng: np.random.Generator) -> onnx.ModelProto:
    """An LSTM or GRU as PyTorch's legacy exporter lays it out with batch_first: transposed, zero states by Shape."""
    gates = 4 if kind == "LSTM" else 3
    count = int(np.prod(outputs))
    states = ["h0"] if kind == "GRU" else ["h0", "c0"]
    weights = {
        "onnx::W": rng.normal(0, 0.3, (1, gates * hidden, inputs)),
        "onnx::R": rng.normal(0, 0.3, (1, gates * hidden, hidden)),
        "onnx::B": rng.normal(0, 0.3, (1, 2 * gates * hidden)),
        "head.weight": rng.normal(0, 0.3, (count, hidden)),
        "head.bias": rng.normal(0, 0.3, (count,)),
    }
    integers = {"one": [1], "hidden": [hidden], "zero": 0, "axis_1": [1], "last": -1, "shape": [-1, *outputs]}
    recur = {"linear_before_reset": 1} if kind == "GRU" else {}
    x, y = names
    nodes = [
        helper.make_node("Shape", [x], ["/Shape_output_0"]),
        helper.make_node("Gather", ["/Shape_output_0", "zero"], ["/Gather_output_0"], axis=0),
        helper.make_node("Unsqueeze", ["/Gather_output_0", "axis_0"], ["batch_1"]),
        helper.make_node("Concat", ["one", "batch_1", "hidden"], ["state_shape"], axis=0),
        *[helper.make_node("ConstantOfShape", ["state_shape"], [state], value=helper.make_tensor("value", TensorProto.FLOAT, [1], [0.0])) for state in states],
        helper.make_node("Transpose", [x], ["/rnn/Transpose_output_0"], perm=[1, 0, 2]),
        helper.make_node(kind, ["/rnn/Transpose_output_0", "onnx::W", "onnx::R", "onnx::B", "", *states], ["/rnn/Y"], hidden_size=hidden, **recur),
        helper.make_node("Squeeze", ["/rnn/Y", "axis_1"], ["/rnn/Squeeze_output_0"]),
        helper.make_node("Transpose", ["/rnn/Squeeze_output_0"], ["/rnn/Transpose_1_output_0"], perm=[1, 0, 2]),
        helper.make_node("Gather", ["/rnn/Transpose_1_output_0", "last"], ["/Gather_1_output_0"], axis=1),
        helper.make_node("Gemm", ["/Gather_1_output_0", "head.weight", "head.bias"], ["/head/Gemm_output_0"], alpha=1.0, beta=1.0, transB=1),
        helper.make_node("Reshape", ["/head/Gemm_output_0", "shape"], [y]),
    ]
    initializers = [numpy_helper.from_array(np.float32(value), name) for name, value in weights.items()]
    initializers += [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in {**integers, "axis_0": [0]}.items()]
    graph = helper.make_graph(
        nodes,
        "main_graph",
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", LOOKBACK, inputs])],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, ["batch", *outputs])],
        initializers,
    )
    model = helper.make_model(graph, producer_name="pytorch", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def network(folder: Path, kind: str, features: list[str], targets: list[str], outputs: list[int], names: tuple[str, str], rng: np.random.Generator) -> None:
    times, rows = series(rng)
    steps = outputs[0] if len(outputs) == 2 else 1
    windows, _ = windows_of(times, rows, features, steps)
    model = recurrent(kind, 12, len(features), outputs, names, rng)
    columns = [features.index(name) for name in targets]
    mean, std = windows.mean(axis=(0, 1)), windows.std(axis=(0, 1))
    scaled = np.float32((windows - mean) / std)
    answer = run_onnx(model, scaled).astype(np.float64).reshape(len(windows), steps, len(targets))
    forecasts = answer * std[columns] + mean[columns]
    scaler = {name: {"kind": "standard", "mean": float(mean[i]), "std": float(std[i])} for i, name in enumerate(features)}
    case = {"features": features, "targets": targets, "type": kind}
    save(folder, model, case, windows, forecasts, times, rows, scaler)


def main(folder: Path) -> None:
    rng = np.random.default_rng(7)
    mlp_pipeline(folder / "mlp", rng, double=False)
    mlp_pipeline(folder / "mlp-double", rng, double=True)
    ridge_steps(folder / "ridge-steps", rng)
    network(folder / "lstm", "LSTM", [*COLUMNS, *TIME], COLUMNS, [len(COLUMNS)], ("input", "output"), rng)
    network(folder / "lstm-own-names", "LSTM", COLUMNS[::-1], COLUMNS, [len(COLUMNS)], ("window", "forecast"), rng)
    network(folder / "gru-steps", "GRU", COLUMNS, ["up"], [5, 1], ("input", "output"), rng)


main(Path(sys.argv[1]))
