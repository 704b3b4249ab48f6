export * from './transitions.js';
export { testContacts, type ContactTest } from './pages/contact-test.js';
export { Incidents, type IncidentsOptions, type Opening, type Tick } from './incidents.js';
export type { Append } from './journals.js';
export type { OpenIncident } from './open-list.js';
export { hasIt, isOpen, isOverdue, whatIsDue } from './state/due.js';
export {
  channelOfLine,
  causeOf,
  failedPages,
  type FailedPage,
  failureLines,
  isReached,
  isUnreached,
  withFailuresTogether,
} from './pages/failures.js';
export { ackToken, announcedLinks, announcePage } from './pages/links.js';
export { addressOf, firstAddress, type PageLinks } from './pages/planned.js';
export { drillLock, isOrphan } from './orphans.js';
export { addresseeOf } from './state/timeline.js';
export * from './types.js';
