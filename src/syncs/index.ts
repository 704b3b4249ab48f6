export * from './controller.js';
export type { HeldSync, PauseEntry, PauseRecord, PauseRequest, Syncs, SyncView } from './pause-record.js';
export { openSyncs } from './pauses.js';
