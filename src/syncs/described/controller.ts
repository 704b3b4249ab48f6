import { type CallOptions, compileExpression, defined, type Expression, parseDuration, RunbackError } from '../../lib/index.js';
import type { Kept, SyncController, SyncStatus } from '../controller.js';
import type { ChangeDescription, ControllerDescription, ReadDescription } from '../descriptions/form.js';
import { variablesOf } from '../descriptions/words.js';
import { readStatus } from '../status.js';
import type { Port, Values } from './port.js';

/** Times that a change is read and sent once more, where something else writes to the same thing. */
const MOST_AGAIN = 3;

interface Described {
  /** `controller:` of the sync. */
  readonly kind: string;
  /** Name of the sync. */
  readonly name: string;
  readonly says: ControllerDescription;
  readonly settings: Readonly<Record<string, string>>;
  readonly port: Port;
}

/** A sync whose tool a description tells about. Pause and resume are sent once; what became of it is looked up by the caller. */
export function describedController({ kind, name, says, settings, port }: Described): SyncController {
  const { status: asked, reads } = says;
  const place = `controller ${kind}`;
  const compile = compilerOf(says);
  const paused = compile(asked.paused);
  const inFlight = asked.in_flight === undefined ? undefined : compile(asked.in_flight);
  const firing = asked.fires_on_resume === undefined ? undefined : compile(asked.fires_on_resume);

  const look = async (options?: CallOptions): Promise<Values> => {
    let values: Values = { ...settings, ...(await port.status(asked, settings, options)) };
    for (const [read, call] of Object.entries(reads)) values = { ...values, [read]: await readAll(port, call, values, compile, options) };
    return values;
  };
  const change = async (
    verb: 'pause' | 'resume' | 'cancel',
    call: ControllerDescription['pause'],
    kept: Kept,
    options?: CallOptions,
  ): Promise<void> => {
    if ('by_hand' in call) throw byHand(name, says.name, verb, call.by_hand);
    for (let tries = 1; ; tries += 1) {
      // Nothing that was read some time ago is written back: it is read now.
      const known = { ...settings, ...kept };
      const values = needsLook(call, known) ? { ...(await look(options)), ...kept } : known;
      if ((await sendAll(port, call, values, compile, options)) === 'sent') return;
      if (tries >= MOST_AGAIN) throw changing(name, says.name);
    }
  };

  /** Nothing is sent for a state that it is in: some tools refuse that. */
  const isPaused = async (options?: CallOptions): Promise<boolean> =>
    readStatus(name, { paused, inFlight: undefined }, await look(options), place).state !== 'running';

  return {
    kind,
    proven: says.proven !== false,
    ...defined({ settleMs: says.settles === undefined ? undefined : parseDuration(says.settles) }),
    async status(options): Promise<SyncStatus> {
      const values = await look(options);
      const read = readStatus(name, { paused, inFlight, firing }, values, place);
      const kept = Object.fromEntries(Object.entries(says.keep).map(([key, source]) => [key, compile(source).evaluate(values)]));
      return {
        ...read,
        ...(Object.keys(kept).length === 0 ? {} : { kept }),
        warnings: [
          ...(read.fires === undefined || read.fires === 0 ? [] : [saidOf(asked.fires_are ?? '{n} jobs wait, and run when it resumes.', read.fires)]),
          ...asked.warn.flatMap(({ count, say }) => {
            const found = compile(count).evaluate(values);
            return typeof found === 'number' && found > 0 ? [saidOf(say, found)] : [];
          }),
        ],
      };
    },
    async pause(options) {
      if (!(await isPaused(options))) await change('pause', says.pause, {}, options);
    },
    async resume(options, kept = {}) {
      if (!(await isPaused(options))) return;
      const missing = Object.keys(says.keep).find((key) => !Object.hasOwn(kept, key));
      if (missing !== undefined) throw unkept(name, says.name, missing);
      await change('resume', says.resume, kept, options);
    },
    ...(says.cancel === undefined ? {} : { cancel: cancelling(change, says.cancel) }),
  };
}

function saidOf(words: string, count: number): string {
  return words.replaceAll('{n}', String(count));
}

function cancelling(
  change: (verb: 'cancel', call: ChangeDescription, kept: Kept, options?: CallOptions) => Promise<void>,
  call: ChangeDescription,
): (options?: CallOptions) => Promise<void> {
  return async (options) => await change('cancel', call, {}, options);
}

/** Each expression is compiled once. */
function compilerOf(says: ControllerDescription): (source: string) => Expression {
  const variables = variablesOf(says);
  const made = new Map<string, Expression>();
  return (source) => {
    const expression = made.get(source) ?? compileExpression(source, variables);
    made.set(source, expression);
    return expression;
  };
}

/** Whether a change speaks of what was read. `known`: what it may speak of without. */
function needsLook(call: ChangeDescription, known: Values): boolean {
  if (call.each !== undefined || call.input !== undefined) return true;
  return [...(JSON.stringify(call.body) ?? '').matchAll(/\{(\w+)\}/gu)].some(([, word = '']) => !Object.hasOwn(known, word));
}

/** What a read says; with `each`, what it says of all of those in one list. */
async function readAll(
  port: Port,
  call: ReadDescription,
  values: Values,
  compile: (source: string) => Expression,
  options?: CallOptions,
): Promise<unknown> {
  if (call.each === undefined) return await port.read(call, values, options);
  const items = compile(call.each).evaluate(values);
  const all: unknown[] = [];
  for (const item of Array.isArray(items) ? (items as unknown[]) : []) {
    const said = await port.read(call, { ...values, item }, options);
    if (Array.isArray(said)) for (const one of said as unknown[]) all.push(one);
    else all.push(said);
  }
  return all;
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

function byHand(name: string, tool: string, verb: 'pause' | 'resume' | 'cancel', hint: string): RunbackError {
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
