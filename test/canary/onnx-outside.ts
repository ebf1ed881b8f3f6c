// breaks onnxruntime-in-the-runtime-only at src/serving/zz-canary.ts
import 'onnxruntime-node';
