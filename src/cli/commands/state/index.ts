import type { CommandSpec } from '../../shell/command.js';
import { moveVerb } from './move.js';

/** The verbs of `runback state`. */
export const commands: readonly CommandSpec[] = [moveVerb];
