export * from './controller.js';
export type { HeldSync, PauseEntry, PauseRecord, PauseRequest, PauseSurvey, Syncs, SyncView } from './pause-record.js';
export { openSyncs } from './pauses.js';
export type { FoundSync } from './described/list.js';
export { automationOf, type ListingTool, listingTools, listSyncs } from './registry.js';
export { reactingTo, requireStill, stillFor } from './reactions.js';
