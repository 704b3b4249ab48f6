export type { AccessStep } from './access.js';
export { answeredCheck, answerIn, isExhausted, pagedIn } from './answers.js';
export { findingsOf } from './findings.js';
export type * from './result.js';
