export { ownValue, setOwn } from '../lib/index.js';
export * from './canonical.js';
export * from './form.js';
export * from './merge.js';
export * from './names.js';
export * from './record.js';
export * from './same-form.js';
export * from './watched.js';
