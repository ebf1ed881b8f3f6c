"""Logs models as MLflow 3 does, below models/m-…: python log_model.py TRACKING_URI S3_URL BUNDLE_FOLDER.

One is foreign: the ONNX file alone. The other has flts's bundle beside it, is registered, and copied. Prints JSON.
"""

import json
import os
import sys
from pathlib import Path

import mlflow
import onnx

tracking, s3, folder = sys.argv[1:]
os.environ["MLFLOW_S3_ENDPOINT_URL"] = s3
os.environ["AWS_REGION"] = "us-east-1"
mlflow.set_tracking_uri(tracking)
client = mlflow.MlflowClient()


def log() -> dict[str, str]:
    model = onnx.load(Path(folder) / "model.onnx")
    with mlflow.start_run() as run:
        info = mlflow.onnx.log_model(model, name="model")
    return {"run": run.info.run_id, "model": info.model_id}


foreign, whole = log(), log()
# As they are: ONNX's own writer may have laid out the file in another way.
client.log_model_artifacts(whole["model"], folder)
version = mlflow.register_model(f"models:/{whole['model']}", "logged")
client.set_registered_model_alias("logged", "champion", version.version)
copy = client.copy_model_version(f"models:/logged/{version.version}", "copied")
client.set_registered_model_alias("copied", "champion", copy.version)
print(json.dumps({"foreign": foreign, "whole": whole}))
