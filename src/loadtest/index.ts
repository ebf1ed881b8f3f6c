export { mergeRuns } from './merge-runs.js';
export { type LoadProgress } from './progress.js';
export { type LoadTestOptions, runLoadTest, type RunResult } from './run-load-test.js';
export { INITIAL_SCENARIO } from './scenario/initial-scenario.js';
export { loadScenario } from './scenario/load-scenario.js';
export { preset, scaled } from './scenario/presets.js';
export { resolveTarget } from './scenario/resolve-target.js';
