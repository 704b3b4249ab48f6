export * from './environment.js';
export * from './types.js';
