import type { CommandSpec } from '../../shell/command.js';
import { copyVerb } from './copy.js';
import { jobsVerb } from './jobs.js';
import { pruneVerb } from './prune.js';
import { runVerb } from './run.js';
import { testRestoreVerb } from './test-restore.js';

/** The verbs of `runback backup`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [runVerb, jobsVerb, pruneVerb, copyVerb, testRestoreVerb];
