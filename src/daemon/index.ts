export { freePort } from './page/server.js';
export { runDaemon } from './loop.js';
export * from './types.js';
export { systemdTimer, systemdUnit, type TimerOptions, type UnitOptions } from './unit.js';
