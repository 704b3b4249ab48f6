import { type CallOptions, defined, type Expression, parseDuration, RunbackError } from '../../lib/index.js';
import type { Kept, SyncController } from '../controller.js';
import type { ChangeDescription, ControllerDescription } from '../descriptions/form.js';
import { type Described, type Looks, looksOf } from './looks.js';
import type { Port, Values } from './port.js';

/** Times that a change is read and sent once more, where something else writes to the same thing. */
const MOST_AGAIN = 3;

type Verb = 'pause' | 'resume' | 'cancel';

/**
 * A sync whose tool a description tells about. Pause and resume are sent once, and nothing is sent for a state that it is in, since
 * some tools refuse that; what became of it is looked up by the caller.
 */
export function describedController(described: Described): SyncController {
  const { kind, name, says } = described;
  const looks = looksOf(described);
  const change = changerOf(described, looks);
  const { cancel } = says;
  return {
    kind,
    proven: says.proven !== false,
    ...defined({ settleMs: says.settles === undefined ? undefined : parseDuration(says.settles) }),
    status: async (options) => await looks.status(options),
    ...defined({ lastRun: looks.lastRun }),
    async pause(options) {
      if (!(await looks.isPaused(options))) await change('pause', says.pause, {}, options);
    },
    async resume(options, kept = {}) {
      if (!(await looks.isPaused(options))) return;
      const missing = Object.keys(says.keep).find((key) => !Object.hasOwn(kept, key));
      if (missing !== undefined) throw unkept(name, says.name, missing);
      await change('resume', says.resume, kept, options);
    },
    ...(cancel === undefined ? {} : { cancel: async (options?: CallOptions) => await change('cancel', cancel, {}, options) }),
  };
}

/** Sends what changes a sync; where something else changed it in between, what is to be sent is read once more. */
function changerOf({ name, says, settings, port }: Described, looks: Looks) {
  return async (verb: Verb, call: ControllerDescription['pause'], kept: Kept, options?: CallOptions): Promise<void> => {
    if ('by_hand' in call) throw byHand(name, says.name, verb, call.by_hand);
    const known = { ...settings, ...kept };
    for (let tries = 1; ; tries += 1) {
      // Nothing that was read some time ago is written back: it is read now.
      const values = needsLook(call, known) ? { ...(await looks.values(options)), ...kept } : known;
      if ((await sendAll(port, call, values, looks.compile, options)) === 'sent') return;
      if (tries >= MOST_AGAIN) throw changing(name, says.name);
    }
  };
}

/** Whether a change speaks of what was read. `known`: what it may speak of without. */
function needsLook(call: ChangeDescription, known: Values): boolean {
  if (call.each !== undefined || call.input !== undefined) return true;
  return [...(JSON.stringify(call.body) ?? '').matchAll(/\{(\w+)\}/gu)].some(([, word = '']) => !Object.hasOwn(known, word));
}

async function sendAll(
  port: Port,
  call: ChangeDescription,
  values: Values,
  compile: (source: string) => Expression,
  options?: CallOptions,
): Promise<'sent' | 'stale'> {
  const input = call.input === undefined ? undefined : String(compile(call.input).evaluate(values));
  const items = call.each === undefined ? [undefined] : compile(call.each).evaluate(values);
  for (const item of Array.isArray(items) ? (items as unknown[]) : []) {
    const sent = await port.change(call, { ...values, ...(item === undefined ? {} : { item }) }, input, options);
    if (sent === 'stale') return sent;
  }
  return 'sent';
}

function byHand(name: string, tool: string, verb: Verb, hint: string): RunbackError {
  return new RunbackError('sync-failed', `${tool} has no request to ${verb} sync ${name}`, {
    why: hint,
    state: 'It was not changed.',
    next: `Do it in ${tool}, then check: runback sync status ${name}`,
  });
}

function unkept(name: string, tool: string, what: string): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} was not resumed`, {
    why: `Nobody wrote down its ${what} before it was paused, and ${tool} needs it.`,
    state: 'It is paused.',
    next: `Resume it in ${tool}, then check: runback sync status ${name}`,
  });
}

function changing(name: string, tool: string): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} was not changed`, {
    why: `Something else changed it in ${tool} each of ${String(MOST_AGAIN)} times between the read and the write.`,
    state: 'It is as it was.',
    next: `Find out who edits it in ${tool}, then check: runback sync status ${name}`,
  });
}
