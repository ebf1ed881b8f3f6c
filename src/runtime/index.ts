export { ModelWorkers } from './model-workers.js';
export { monotonicUs, systemClock } from './system-clock.js';
export { TensorRuntime } from './tensor-runtime.js';
export { probeRuntime } from './probe.js';
export { probeDevice } from './probe-device.js';
