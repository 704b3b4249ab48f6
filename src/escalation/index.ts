export { decideEscalation } from './decide.js';
export { type EscalationFile, parseEscalation, parseEscalationFile } from './parse.js';
export { onCallAt } from './schedules.js';
export { escalationSchema } from './schema.js';
export * from './types.js';
export { quietUntil } from './weekly.js';
