export { stageBadSync, type BadSync } from './bad-sync.js';
export { leastRequests } from './least.js';
export { seedSandbox } from './seed.js';
export { leaveToken, leftToken } from './token-file.js';
export { type Score } from './truth.js';
export { writePracticeWorkspace, writeSampleWorkspace } from './workspace.js';
