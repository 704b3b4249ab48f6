export { CallCounts, type CallExample, type CallRow, HOUR_MS } from './counts.js';
export { countedSince, hourOfDay, keepCounts, readCounts } from './kept.js';
export { maskMessage } from './mask.js';
