export { decideEscalation } from './decide.js';
export { type LintCode, type LintFinding, type LintOptions, lintEscalation } from './lint.js';
export { type EscalationFile, parseEscalation, parseEscalationFile } from './parse.js';
export { onCallAt } from './schedules.js';
export { escalationSchema } from './schema.js';
export { type SimulatedMessage, type SimulatedStep, type SimulateOptions, simulateEscalation } from './simulate.js';
export * from './types.js';
export { quietUntil } from './weekly.js';
export { instantOf, isZone, localOf, parseLocal, showLocal, timesShown } from './zones.js';
