import type { CommandSpec } from '../../shell/command.js';
import { applyVerb } from './apply.js';
import { leftVerb } from './left.js';
import { lostVerb } from './lost.js';
import { planVerb } from './plan.js';
import { rehearseVerb } from './rehearse.js';
import { resumeVerb } from './resume.js';
import { showVerb } from './show.js';
import { undoVerb } from './undo.js';
import { verifyVerb } from './verify.js';

/** The verbs of `runback restore`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [planVerb, showVerb, rehearseVerb, applyVerb, lostVerb, resumeVerb, undoVerb, leftVerb, verifyVerb];
