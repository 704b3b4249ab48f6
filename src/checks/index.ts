export { cleanUp, type Cleaned, uncleaned } from './cleanup/cleanup.js';
export {
  type CanaryTest,
  type IntegrationTest,
  type JourneyTest,
  type ParallelTest,
  type LoadTest,
  loadTest,
  parseTest,
  type TestFile,
  testFiles,
  type TouchpointTest,
  type TriggerTest,
} from './document/load.js';
export { testSchema } from './document/schema.js';
export { refuseProduction } from './load/intake.js';
export { lockPlatform } from './locks.js';
export { runLoad } from './load/run.js';
export { VERDICTS } from './load/facts.js';
export { checkDocument } from './report/document.js';
export { checkJunit } from './report/junit.js';
export { readCheckResults } from './results.js';
export type * from './result.js';
export { RECORD_VERDICTS } from './touchpoints/facts.js';
export { runTouchpoints } from './touchpoints/run.js';
export { FIRING_VERDICTS } from './triggers/facts.js';
export { runTrigger } from './triggers/run.js';
export { RACE_VERDICTS } from './journeys/parallel/race.js';
export { runParallel } from './journeys/parallel/run.js';
export { runJourney } from './journeys/persona/run.js';
export type * from './journeys/result.js';
export { checkParity } from './parity/check.js';
export { loadParity, type NamedCheck, parseParity } from './parity/load.js';
export { parityDocument, parityJunit } from './parity/report.js';
export type * from './parity/result.js';
export { paritySchema } from './parity/schema.js';
export { apartWords, itemWords, leakLines, leakWords, nextWords, totalOf, verdictWords } from './parity/words.js';
export * from './reconcile/index.js';
export { endDisturbances, type Mended } from './disturb/index.js';
export * from './offers/index.js';
