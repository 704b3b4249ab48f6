export type * from './account.js';
export { startIntegration, type Integration, type IntegrationEvent } from './integration.js';
export { localPlatforms, startLocalStage, type LocalStageOptions } from './local/start.js';
export { runThere, type StageOutcome, type StageProgram } from './program.js';
export { seedSandbox } from './seed.js';
export type * from './stage.js';
export { leaveToken, leftToken } from './token-file.js';
export { differencesOf, keepStage, keepTruth, linkName, scoreTruth, type KeptTruth, type Score } from './truth.js';
export { shippedDir, writePracticeWorkspace, writeSampleWorkspace } from './workspace.js';
