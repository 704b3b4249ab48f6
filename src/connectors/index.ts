export * from './connector.js';
export * from './platform.js';
