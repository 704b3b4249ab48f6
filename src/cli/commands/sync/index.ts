import type { CommandSpec } from '../../shell/command.js';
import { listVerb } from './list.js';
import { pauseVerb } from './pause.js';
import { resumeVerb } from './resume.js';
import { statusVerb } from './status.js';

/** The verbs of `runback sync`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [listVerb, statusVerb, pauseVerb, resumeVerb];
