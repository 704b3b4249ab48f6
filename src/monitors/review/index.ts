export { reviewDocument } from './document.js';
export { reviewWeek } from './score/review.js';
export type * from './score/types.js';
