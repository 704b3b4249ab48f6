import type { CommandSpec } from '../../shell/command.js';
import { runVerb } from './run.js';

/** The verbs of `runback drill`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [runVerb];
