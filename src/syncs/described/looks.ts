import { type CallOptions, compileExpression, defined, type Expression } from '../../lib/index.js';
import type { Kept, LastRun, SyncStatus } from '../controller.js';
import { LISTED } from '../descriptions/check.js';
import type { ControllerDescription, ReadDescription } from '../descriptions/form.js';
import { variablesOf } from '../descriptions/words.js';
import { readLastRun } from '../last-run.js';
import { readStatus } from '../status.js';
import type { Port, Values } from './port.js';

/** A sync that a description tells about. */
export interface Described {
  /** `controller:` of the sync. */
  readonly kind: string;
  /** Name of the sync. */
  readonly name: string;
  readonly says: ControllerDescription;
  readonly settings: Readonly<Record<string, string>>;
  readonly port: Port;
}

/** Asks for the state of a sync. All of it throws `sync-failed` and `auth-refused`. */
export interface Looks {
  readonly compile: (source: string) => Expression;
  /** All that the description reads: the answer to `status`, and the reads by their names. */
  values(options?: CallOptions): Promise<Values>;
  status(options?: CallOptions): Promise<SyncStatus>;
  isPaused(options?: CallOptions): Promise<boolean>;
  /** Absent where the description does not say how. */
  readonly lastRun?: (options?: CallOptions) => Promise<LastRun | undefined>;
}

/** The {@link Looks} of a sync. */
export function looksOf({ kind, name, says, settings, port }: Described): Looks {
  const { status: asked, reads } = says;
  const place = `controller ${kind}`;
  const compile = compilerOf(says);
  const paused = compile(asked.paused);
  const inFlight = asked.in_flight === undefined ? undefined : compile(asked.in_flight);
  const firing = asked.fires_on_resume === undefined ? undefined : compile(asked.fires_on_resume);
  const values = async (options?: CallOptions): Promise<Values> => {
    let known: Values = { ...settings, ...(await port.status(asked, settings, options)) };
    for (const [read, call] of Object.entries(reads)) known = { ...known, [read]: await readAll(port, call, known, compile, options) };
    return known;
  };
  return {
    compile,
    values,
    async status(options) {
      const known = await values(options);
      const read = readStatus(name, { paused, inFlight, firing }, known, place);
      // Of a sync that is paused nothing is kept: it is no earlier state to go back to.
      const kept = read.state === 'running' ? keptOf(says, compile, known) : undefined;
      return { ...read, ...(kept === undefined ? {} : { kept }), warnings: warningsOf(asked, read.fires, compile, known) };
    },
    ...(says.last_run === undefined ? {} : { lastRun: lastRunOf(name, says.last_run, settings, port, place) }),
    isPaused: async (options) => readStatus(name, { paused, inFlight: undefined }, await values(options), place).state !== 'running',
  };
}

/** The newest run that has ended, of those that the tool lists. */
function lastRunOf(
  name: string,
  call: NonNullable<ControllerDescription['last_run']>,
  settings: Values,
  port: Port,
  place: string,
): NonNullable<Looks['lastRun']> {
  const compile = (source: string | undefined): Expression | undefined => (source === undefined ? undefined : compileExpression(source, LISTED));
  const where = compile(call.where);
  const says = {
    ended: compileExpression(call.ended, LISTED),
    began: compile(call.began),
    failed: compile(call.failed),
    records: compile(call.records),
    errors: compile(call.errors),
  };
  const request = requestIn(call);
  return async (options) => {
    const said = await port.read(request, settings, options);
    const list: readonly unknown[] = call.items === undefined ? [said] : Array.isArray(said) ? said : [];
    for (const one of list) {
      if (where !== undefined && where.evaluate({ one }) !== true) continue;
      const run = readLastRun(name, says, { one }, `${place}.last_run`);
      if (run !== undefined) return run;
    }
    return undefined;
  };
}

/** The request of it alone. */
function requestIn({ get, post, query, body, items }: NonNullable<ControllerDescription['last_run']>): ReadDescription {
  return defined({ get, post, query, body, items });
}

function keptOf({ keep }: ControllerDescription, compile: (source: string) => Expression, known: Values): Kept | undefined {
  const names = Object.entries(keep);
  return names.length === 0 ? undefined : Object.fromEntries(names.map(([name, source]) => [name, compile(source).evaluate(known)]));
}

function warningsOf(
  { fires_are: words = '{n} jobs wait, and run when it resumes.', warn }: ControllerDescription['status'],
  fires: number | undefined,
  compile: (source: string) => Expression,
  known: Values,
): readonly string[] {
  const counted = [{ found: fires, say: words }, ...warn.map(({ count, say }) => ({ found: compile(count).evaluate(known), say }))];
  return counted.flatMap(({ found, say }) => (typeof found === 'number' && found > 0 ? [say.replaceAll('{n}', String(found))] : []));
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
