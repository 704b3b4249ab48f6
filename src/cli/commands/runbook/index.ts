import type { CommandSpec } from '../../shell/command.js';
import { abortVerb } from './abort.js';
import { evidenceVerb } from './evidence.js';
import { lintVerb } from './lint.js';
import { listVerb } from './list.js';
import { renderVerb } from './render.js';
import { resumeVerb } from './resume.js';
import { runVerb } from './run.js';
import { runsVerb } from './runs.js';
import { showVerb } from './show.js';
import { takeoverVerb } from './takeover.js';
import { undoVerb } from './undo.js';

/** The verbs of `runback runbook`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [
  listVerb,
  showVerb,
  lintVerb,
  renderVerb,
  runVerb,
  resumeVerb,
  undoVerb,
  abortVerb,
  takeoverVerb,
  runsVerb,
  evidenceVerb,
];
