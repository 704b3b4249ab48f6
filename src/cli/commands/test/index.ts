import type { CommandSpec } from '../../shell/command.js';
import { cleanupVerb } from './cleanup.js';
import { listVerb } from './list.js';
import { reportVerb } from './report.js';
import { runVerb } from './run.js';

/** The verbs of `runback test`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [listVerb, runVerb, reportVerb, cleanupVerb];
