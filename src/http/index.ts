export { digestOf, parseKeyFile } from './api-keys.js';
export { buildApp } from './app.js';
export type { AppOptions } from './app-options.js';
export { listen } from './listen.js';
