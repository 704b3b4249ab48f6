export * from './connector.js';
export * from './platform.js';
export * from './registry.js';
