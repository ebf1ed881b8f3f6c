export { digestOf, parseKeyFile } from './api-keys.js';
export { buildApp } from './app.js';
export { findPort, listen } from './listen.js';
export type { MachineView } from './machine-view.js';
