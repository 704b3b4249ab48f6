import type { CommandSpec } from '../../shell/command.js';
import { checkVerb } from './check.js';

/** The verbs of `runback parity`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [checkVerb];
