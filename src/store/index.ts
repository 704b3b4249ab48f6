export { openFileStore, type FileStoreOptions } from './files/file-store.js';
export * from './store.js';
