export { findGroups } from './groups/find-groups.js';
export { investigate, type InvestigateDeps, type InvestigateRequest } from './investigate.js';
export { chosenCells, type Chosen } from './records/chosen.js';
export { INVESTIGATIONS, investigationTellsOf, readInvestigation } from './records/file.js';
export * from './records/types.js';
export * from './types.js';
