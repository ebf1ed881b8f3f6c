"""Prints what Python's ONNX Runtime answers to a bundle's golden window and to windows: run_bundle.py BUNDLE [WINDOWS.json]."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

bundle = Path(sys.argv[1])
facts = json.loads((bundle / "bundle.json").read_text())
windows = [facts["golden"]["window"], *(json.loads(Path(sys.argv[2]).read_text()) if len(sys.argv) > 2 else [])]
session = onnxruntime.InferenceSession(bundle / "model.onnx", providers=["CPUExecutionProvider"])
print(json.dumps(session.run(["forecast"], {"window": np.array(windows, np.float32)})[0].tolist()))
