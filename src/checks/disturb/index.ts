export { type Mended, endDisturbances } from './mend.js';
export type { MeansDeps } from './means.js';
export { type OpenDisturbances, openDisturbances } from './open.js';
