export { CallCounts, type CallRow } from './counts.js';
export { countedSince, keepCounts, readCounts } from './kept.js';
export { reviewDocument } from './document.js';
export { maskMessage } from './mask.js';
export { reviewWeek } from './score/review.js';
export type * from './score/types.js';
