import { type Clock, Redactor, RunbackError } from '../../lib/index.js';
import { leaveStandIns, type Runbook } from '../../runbooks/index.js';
import type { Stage } from '../../stages/index.js';
import { openFileStore } from '../../store/index.js';
import { loadWorkspace } from '../../workspace/index.js';
import type { Drill } from '../document/load.js';
import type { StandInDocument } from '../document/schema.js';

/**
 * Throws `file-invalid` where a drill says what stands for a step that the runbook has not, or for a program where it
 * sends a request, and where it says nothing of a step that the run surely comes to.
 */
export function requireStandIns({ document, file }: Drill, runbook: Runbook): void {
  for (const [id, standIn] of Object.entries(document.stand_ins)) {
    const step = runbook.steps.find((each) => each.id === id);
    const reaches = [step?.kind, step?.undo?.kind].filter((kind) => kind === 'command' || kind === 'http');
    if (reaches.some((kind) => fits(standIn, kind))) continue;
    throw new RunbackError('file-invalid', `Drill ${document.id} has a stand-in for ${id} that does not fit`, {
      why: `${file}: ${step === undefined ? `runbook ${runbook.id} has no step of this name` : WORDS[reaches[0] ?? 'none']}.`,
      state: 'Nothing was started.',
    });
  }
  requireNoneOpen({ document, file }, runbook);
}

/** A drill that is to come to its end says what stands for whatever reaches beyond the stage. */
function requireNoneOpen({ document, file }: Pick<Drill, 'document' | 'file'>, { id, steps }: Runbook): void {
  const { expect, must_fail, stand_ins } = document;
  if (must_fail !== undefined) return;
  const end = steps.findIndex((step) => step.id === expect.stops);
  const open = steps
    .slice(0, end === -1 ? steps.length : end + 1)
    .find(({ kind, when, id: step }) => (kind === 'command' || kind === 'http') && when === undefined && !Object.hasOwn(stand_ins, step));
  if (open === undefined) return;
  const answer = open.kind === 'command' ? '{ exit_code: 0 }' : '{ status: 200 }';
  throw new RunbackError('file-invalid', `Drill ${document.id} does not say what stands for step ${open.id} of ${id}`, {
    why: `The step ${open.kind === 'command' ? 'runs a program' : 'sends a request'}, and a drill does nothing beyond its stage that its file does not allow.`,
    state: 'Nothing was started.',
    next: `In ${file}: stand_ins: { ${open.id}: ${answer} }, or real where it is to be done`,
  });
}

const WORDS = {
  none: 'this step runs no program and sends no request',
  command: 'this step runs a program: { exit_code: 0, stdout: "" }, or real',
  http: 'this step sends a request: { status: 200, body: {} }, or real',
};

function fits(standIn: StandInDocument, kind: 'command' | 'http'): boolean {
  if (standIn === 'real') return true;
  const names: readonly string[] = kind === 'command' ? ['exit_code', 'stdout'] : ['status', 'body'];
  return Object.keys(standIn).every((name) => names.includes(name));
}

/** What runs on the stage reaches nothing beyond it but what the drill allows, whoever starts it. */
export async function keepOnStage({ folder }: Stage, { document }: Drill, runbook: Runbook, clock: Clock): Promise<void> {
  const { stateDir } = await loadWorkspace(folder);
  await leaveStandIns(openFileStore({ dir: stateDir, clock, redactor: new Redactor() }), runbook.id, document.stand_ins);
}
