export * from './acts.js';
export { testContacts, type ContactTest } from './contact-test.js';
export { IncidentDesk, type Append, type DeskOptions, type OpenIncident, type Opening, type Tick } from './desk.js';
export { hasIt, isOpen, isOverdue, whatIsDue } from './due.js';
export { channelOfLine, causeOf, failedPages, type FailedPage, failureLines, isReached, isUnreached, withFailuresTogether } from './page-failures.js';
export { ackToken, announcedLinks, announcePage } from './page-links.js';
export { firstAddress, type PageLinks } from './planned-pages.js';
export { addresseeOf } from './timeline.js';
export * from './types.js';
