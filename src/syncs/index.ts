export * from './controller.js';
export { openSyncs, type PauseEntry, type PauseRecord, type PauseRequest, type Syncs, type SyncView } from './pauses.js';
