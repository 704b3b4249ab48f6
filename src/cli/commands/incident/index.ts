import type { CommandSpec } from '../../shell/command.js';
import { ackVerb } from './ack.js';
import { escalateVerb } from './escalate.js';
import { linkVerb } from './link.js';
import { listVerb } from './list.js';
import { mergeVerb } from './merge.js';
import { mitigateVerb } from './mitigate.js';
import { noteVerb } from './note.js';
import { openVerb } from './open.js';
import { releaseVerb } from './release.js';
import { reopenVerb } from './reopen.js';
import { reportVerb } from './report.js';
import { resolveVerb } from './resolve.js';
import { showVerb } from './show.js';
import { snoozeVerb } from './snooze.js';
import { triageVerb } from './triage.js';
import { vendorVerb } from './vendor.js';

/** The verbs of `runback incident`, in the order in which its help shows them. */
export const commands: readonly CommandSpec[] = [
  openVerb,
  listVerb,
  showVerb,
  ackVerb,
  releaseVerb,
  escalateVerb,
  noteVerb,
  triageVerb,
  snoozeVerb,
  mitigateVerb,
  resolveVerb,
  reopenVerb,
  mergeVerb,
  linkVerb,
  vendorVerb,
  reportVerb,
];
