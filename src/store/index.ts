export { openFileStore } from './files/file-store.js';
export * from './store.js';
