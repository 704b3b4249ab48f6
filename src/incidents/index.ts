export * from './acts.js';
export { IncidentDesk, type Append, type DeskOptions, type OpenIncident, type Opening, type Tick } from './desk.js';
export { isOpen, isOverdue, whatIsDue } from './due.js';
export { firstAddress, type PageLinks } from './planned-pages.js';
export { addresseeOf } from './timeline.js';
export * from './types.js';
