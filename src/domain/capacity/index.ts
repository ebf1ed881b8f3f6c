export * from './knee-search.js';
