"""What both examples share: windows from a CSV file of cell traffic, and the files that `flts models import` reads."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

TIME_PERIODS = {"min_of_day": 1440.0, "day_of_week": 7.0, "day_of_year": 365.25}
TIME_FEATURES = [f"{name}_{side}" for name in TIME_PERIODS for side in ("sin", "cos")]
EXAMPLES = 5


def read_traffic(path: Path) -> tuple[pd.DatetimeIndex, pd.DataFrame]:
    """Timestamps and number columns, empty cells as 0, as the service fills them."""
    table = pd.read_csv(path)
    times = pd.DatetimeIndex(pd.to_datetime(table.iloc[:, 0]))
    return times, table.iloc[:, 1:].astype(np.float64).fillna(0.0)


def time_features(times: pd.DatetimeIndex) -> np.ndarray:
    """The six time features of the service, [rows, 6]."""
    values = (times.hour * 60 + times.minute, times.dayofweek, times.dayofyear)
    angles = [2 * np.pi * value / period for value, period in zip(values, TIME_PERIODS.values())]
    return np.stack([side(angle) for angle in angles for side in (np.sin, np.cos)], axis=1)


def windows_of(rows: np.ndarray, lookback: int) -> np.ndarray:
    """Every window that has a row after it, [rows - lookback, lookback, columns]."""
    return np.stack([rows[end - lookback : end] for end in range(lookback, len(rows))])


def write_import_files(
    out: Path,
    features: list[str],
    windows: np.ndarray,
    times: pd.DatetimeIndex,
    forecast: Callable[[np.ndarray], np.ndarray],
) -> None:
    """features.txt and example.json; `forecast` gives raw [rows, targets] for raw windows, by the exported file."""
    lookback = windows.shape[1]
    chosen = np.linspace(0, len(windows) - 1, EXAMPLES, dtype=int)
    answers = forecast(windows[chosen])
    examples = [
        {
            "window": windows[at].tolist(),
            "forecast": [answer.tolist()],
            "ts": times[at : at + lookback].strftime("%Y-%m-%d %H:%M:%S").tolist(),
        }
        for at, answer in zip(chosen, answers)
    ]
    (out / "features.txt").write_text(",".join(features))
    (out / "example.json").write_text(json.dumps(examples))


def log_to_mlflow(uri: str, name: str, out: Path, params: dict[str, object]) -> None:
    """The exported model, registered under `name`, and the files that its import needs."""
    import mlflow
    import onnx

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("flts-examples")
    with mlflow.start_run():
        mlflow.log_params(params)
        for path in sorted(out.glob("*.json")) + [out / "features.txt"]:
            mlflow.log_artifact(str(path))
        mlflow.onnx.log_model(onnx.load(out / "model.onnx"), name="model", registered_model_name=name)
