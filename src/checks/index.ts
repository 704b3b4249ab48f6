export { checkParity } from './parity/check.js';
export { loadParity, type NamedCheck, parseParity } from './parity/load.js';
export { parityDocument, parityJunit } from './parity/report.js';
export type * from './parity/result.js';
export { paritySchema } from './parity/schema.js';
export { apartWords, itemWords, leakLines, leakWords, nextWords, totalOf, verdictWords } from './parity/words.js';
