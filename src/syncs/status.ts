import { defined, type Expression, RunbackError } from '../lib/index.js';
import type { SyncStatus } from './controller.js';

/** What the settings of a sync say about reading its state. */
export interface StatusExpressions {
  readonly paused: Expression;
  readonly inFlight: Expression | undefined;
}

/**
 * The state of a sync from what its controller answered. Only a clear answer counts: `paused` has to be true or false,
 * `in_flight` a number of jobs. Anything else is not known, and what is not known is neither paused nor drained: throws
 * `sync-failed`, as does an expression that cannot be worked out.
 */
export function readStatus(name: string, { paused, inFlight }: StatusExpressions, values: Readonly<Record<string, unknown>>): SyncStatus {
  const isPaused = evaluate(name, 'paused', paused, values);
  if (typeof isPaused !== 'boolean') throw unclear(name, 'paused', paused, `it gives ${wordsOf(isPaused)}, which is neither true nor false`);
  const jobs = inFlight === undefined ? undefined : jobsOf(evaluate(name, 'in_flight', inFlight, values));
  if (inFlight !== undefined && jobs === undefined)
    throw unclear(name, 'in_flight', inFlight, `it gives ${wordsOf(evaluate(name, 'in_flight', inFlight, values))}, which is not a number of jobs`);
  return { state: !isPaused ? 'running' : jobs !== undefined && jobs > 0 ? 'draining' : 'paused', inFlight: jobs, warnings: [] };
}

/** A number of jobs; text of digits too, as programs print it. */
function jobsOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d+\s*$/u.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function evaluate(name: string, what: string, expression: Expression, values: Readonly<Record<string, unknown>>): unknown {
  try {
    return expression.evaluate(values);
  } catch (error) {
    throw unclear(name, what, expression, error instanceof Error ? error.message : String(error), error);
  }
}

function unclear(name: string, what: string, { source }: Expression, why: string, cause?: unknown): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} does not report clearly whether it is running`, {
    why: `runback.yml: syncs.${name}.status.${what} (${source}): ${why}`,
    next: `runback sync status ${name}`,
    ...defined({ cause }),
  });
}

function wordsOf(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing');
}
