export { openFileStore } from './files/file-store.js';
export { lifeOf, type ProcessIdentity, thisProcess } from './files/process-identity.js';
export { hardLinkProblem } from './files/hard-links.js';
export * from './store.js';
export { writeWhole } from './files/whole-file.js';
export { CLOCK_TOLERANCE_MS, ClockWatch } from './clock-watch.js';
