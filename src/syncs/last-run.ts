import { defined, type Expression, messageOf, RunbackError } from '../lib/index.js';
import type { LastRun } from './controller.js';

/** What is said of the last run that came to its end. */
export interface LastRunExpressions {
  /** Gives when it ended, or null where none has. */
  readonly ended: Expression;
  readonly began?: Expression | undefined;
  readonly failed?: Expression | undefined;
  readonly records?: Expression | undefined;
  readonly errors?: Expression | undefined;
}

/** Numbers below this are seconds since the epoch, others milliseconds. */
const SECONDS_BELOW = 100_000_000_000;
/** The first moment of the year 10000: what is later counts in something smaller than milliseconds, or is no time. */
const NO_TIME_FROM = 253_402_300_800_000;

/**
 * The last run of a sync from what its tool answered; undefined where none has ended. Times are ISO 8601, or numbers since the
 * epoch. Throws `sync-failed` where an expression cannot be worked out, or gives no time: that is no run, and no sign that there is none.
 */
export function readLastRun(
  name: string,
  expressions: LastRunExpressions,
  values: Readonly<Record<string, unknown>>,
  place: string,
): LastRun | undefined {
  const evaluate = (what: keyof LastRunExpressions): unknown => {
    const expression = expressions[what];
    if (expression === undefined) return undefined;
    try {
      return expression.evaluate(values);
    } catch (error) {
      throw unclear(name, `${place}.${what} (${expression.source}): ${messageOf(error)}`, error);
    }
  };
  const given = evaluate('ended');
  if (given === null || given === undefined || given === '') return undefined;
  const ended = timeOf(given);
  if (ended === undefined) throw unclear(name, `${place}.ended gives no time`);
  const began = timeOf(evaluate('began'));
  return {
    ended: ended.toISOString(),
    ...defined({
      ms: began === undefined || began > ended ? undefined : ended.getTime() - began.getTime(),
      failed: evaluate('failed') === true ? true : undefined,
      records: countOf(evaluate('records')),
      errors: countOf(evaluate('errors')),
    }),
  };
}

function countOf(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 ? number : undefined;
}

function timeOf(value: unknown): Date | undefined {
  const at = value instanceof Date ? value.getTime() : msOf(value);
  return at >= 0 && at < NO_TIME_FROM ? new Date(at) : undefined;
}

/** Milliseconds since the epoch; NaN for what is no time. */
function msOf(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number') return number < SECONDS_BELOW ? number * 1000 : number;
  if (typeof number !== 'string') return Number.NaN;
  // PostgreSQL writes `+02`, and others ` UTC`.
  const text = number
    .trim()
    .replace(/\s*(?:UTC|GMT)$/iu, 'Z')
    .replace(/(:\d\d(?:\.\d+)?)\s*([+-]\d\d)$/u, '$1$2:00');
  // A time without a zone is one of UTC: so do the tools that leave it out.
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/iu.test(text) ? text : `${text}Z`);
}

function unclear(name: string, why: string, cause?: unknown): RunbackError {
  return new RunbackError('sync-failed', `Sync ${name} does not report clearly when it ran last`, {
    why,
    next: `runback sync status ${name}`,
    ...defined({ cause }),
  });
}
