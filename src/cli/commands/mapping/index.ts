import type { CommandSpec } from '../../shell/command.js';
import { lintVerb } from './lint.js';
import { showVerb } from './show.js';

/** The verbs of `runback mapping`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [lintVerb, showVerb];
