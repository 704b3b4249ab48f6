import { defined, type Expression, messageOf, RunbackError } from '../lib/index.js';
import type { SyncStatus } from './controller.js';

/** What the settings of a sync say about reading its state. */
export interface StatusExpressions {
  readonly paused: Expression;
  readonly inFlight: Expression | undefined;
  /** How many pieces of work wait and run when it is resumed. */
  readonly firing?: Expression | undefined;
}

/**
 * The state of a sync from what its controller answered. Only a clear answer counts: `paused` has to be true or false,
 * `in_flight` a number of jobs. Anything else is not known, and what is not known is neither paused nor drained: throws
 * `sync-failed`, as does an expression that cannot be worked out.
 */
export function readStatus(
  name: string,
  { paused, inFlight, firing }: StatusExpressions,
  values: Readonly<Record<string, unknown>>,
  place = `runback.yml: syncs.${name}`,
): SyncStatus {
  const at = { name, place, values };
  const isPaused = evaluate(at, 'paused', paused);
  if (typeof isPaused !== 'boolean') throw unclear(at, 'paused', paused, `it gives ${wordsOf(isPaused)}, which is neither true nor false`);
  const jobs = inFlight === undefined ? undefined : countedBy(at, 'in_flight', inFlight);
  const fires = firing === undefined ? undefined : countedBy(at, 'fires_on_resume', firing);
  const state = !isPaused ? 'running' : jobs !== undefined && jobs > 0 ? 'draining' : 'paused';
  return { state, inFlight: jobs, warnings: [], ...defined({ fires }) };
}

/** What an expression is worked out over, and where it stands. */
interface At {
  readonly name: string;
  /** Of `status`, for messages. */
  readonly place: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function countedBy(at: At, what: string, expression: Expression): number {
  const value = evaluate(at, what, expression);
  const jobs = jobsOf(value);
  if (jobs === undefined) throw unclear(at, what, expression, `it gives ${wordsOf(value)}, which is not a number of jobs`);
  return jobs;
}

/** A number of jobs; text of digits too, as programs print it. */
function jobsOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d+\s*$/u.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function evaluate(at: At, what: string, expression: Expression): unknown {
  try {
    return expression.evaluate(at.values);
  } catch (error) {
    throw unclear(at, what, expression, messageOf(error), error);
  }
}

function unclear({ name, place }: At, what: string, { source }: Expression, why: string, cause?: unknown): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} does not report clearly whether it is running`, {
    why: `${place}.status.${what} (${source}): ${why}`,
    next: `runback sync status ${name}`,
    ...defined({ cause }),
  });
}

function wordsOf(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing');
}
