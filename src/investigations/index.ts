export { groupAnswersSchema, groupsTaken } from './answers.js';
export { findGroups } from './groups/find-groups.js';
export { investigate } from './investigate.js';
export { chosenCells } from './records/chosen.js';
export { INVESTIGATIONS, investigationTellsOf, readInvestigation } from './records/file.js';
export { investigationSchema } from './records/schema.js';
export * from './records/types.js';
export type { KeptStart, Start, StartCell } from './start/types.js';
export * from './types.js';
