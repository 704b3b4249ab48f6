export { cleanUp, type Cleaned, type CleanedPlace, type CleanupDeps, uncleaned } from './cleanup.js';
export { type IntegrationTest, loadTest, parseTest, type TestFile, testFiles } from './document/load.js';
export { testSchema } from './document/schema.js';
export { type IntakeGuard, refuseProduction } from './load/intake.js';
export { type LoadDeps, runLoad } from './load/run.js';
export { VERDICTS, type Verdict } from './load/facts.js';
export { readCheckResults } from './results.js';
export type * from './result.js';
