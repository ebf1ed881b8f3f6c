export { type LoadProgress } from './progress.js';
export { type LoadTestOptions, runLoadTest, type RunResult } from './run-load-test.js';
export { loadScenario, parseScenario } from './scenario/load-scenario.js';
export { preset, PRESET_ABOUT, scaled } from './scenario/presets.js';
