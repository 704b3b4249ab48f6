import type { CallOptions } from '../../../lib/index.js';
import type { CountRequest } from '../../connector.js';
import type { CountDescription, ListDescription, ObjectDescription } from '../description/form.js';
import { valueAt } from '../wire/paths.js';
import { type Given, requestOf } from '../wire/request.js';
import { misdescribed, type Type } from './record.js';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
/** A time of which there can be nothing. */
const YEAR_MS = 366 * 24 * HOUR_MS;

/** Whether a description says how anything of an object type is counted. */
export function canCount({ counted, changed }: ObjectDescription): boolean {
  return counted?.created !== undefined || counted?.changed !== undefined || changed?.total !== undefined;
}

/** Counts records by time, as `counted` of a description says, or of those that were changed by the totals of `changed`. */
export class Counting {
  /** What was found to heed the times that it is asked for, by object type and event. */
  readonly #heeded = new Set<string>();

  /** See `Connector.count`. Undefined where the description does not say how, where a writer is asked for, and where a total of one second stops. */
  async count(type: Type, request: CountRequest, call: CallOptions): Promise<number | undefined> {
    const { event, from, to, writer } = request;
    const how = howOf(type, event, call);
    if (how === undefined || writer !== undefined) return undefined;
    const name = `${type.object} ${event}`;
    if (!this.#heeded.has(name)) {
      await demandNothingYet(type, event, how);
      this.#heeded.add(name);
    }
    return await how(from.getTime(), to.getTime());
  }
}

/** How many there are from one time until before another, ms since the epoch. */
type Count = (from: number, to: number) => Promise<number | undefined>;

function howOf(type: Type, event: CountRequest['event'], call: CallOptions): Count | undefined {
  const how = type.of.counted?.[event];
  if (how !== undefined) return async (from, to) => await countBetween(type, { how, part: ['counted', event] }, [from, to], call);
  const { changed } = type.of;
  if (event !== 'changed' || changed?.total === undefined) return undefined;
  // Those since the end first: what is written between the two requests is one too many then, and never one too few.
  return async (from, to) => {
    const since = await countSince(type, changed, to, call);
    return Math.max(0, (await countSince(type, changed, from, call)) - since);
  };
}

async function countBetween(
  type: Type,
  counting: { readonly how: CountDescription; readonly part: readonly string[] },
  [from, to]: readonly [number, number],
  call: CallOptions,
): Promise<number | undefined> {
  const { how, part } = counting;
  const text = (ms: number): string | number =>
    how.times === 'iso' ? new Date(ms).toISOString() : how.times === 'seconds' ? Math.floor(ms / SECOND_MS) : ms;
  const found = await totalOf(type, [...part, 'total'], how, { from: text(from), to: text(to), last: text(to - SECOND_MS) }, call);
  if (how.most === undefined || found < how.most) return found;
  const middle = Math.floor((from + to) / 2 / SECOND_MS) * SECOND_MS;
  if (middle <= from || middle >= to) return undefined;
  const first = await countBetween(type, counting, [from, middle], call);
  const second = first === undefined ? undefined : await countBetween(type, counting, [middle, to], call);
  return first === undefined || second === undefined ? undefined : first + second;
}

async function countSince(type: Type, changed: ListDescription, from: number, call: CallOptions): Promise<number> {
  const { pages } = changed;
  const first = pages.by === 'page' ? { page: pages.first } : pages.by === 'key' ? { after: pages.first } : {};
  return await totalOf(type, ['changed', 'total'], changed, { since: new Date(from).toISOString(), limit: 1, offset: 0, ...first }, call);
}

async function totalOf(
  type: Type,
  part: readonly string[],
  how: Pick<ListDescription, 'total' | 'none_yet'> & Parameters<typeof requestOf>[0],
  given: Given,
  call: CallOptions,
): Promise<number> {
  const { api, object } = type;
  const asked = requestOf(how, given);
  const method = asked.method === 'POST' ? 'POST' : 'GET';
  const result = await api.look(method, api.signed(asked.path), method === 'POST' ? asked.body : undefined, call);
  const code = result.kind === 'answered' ? api.codeOf(result.body) : undefined;
  if (result.kind === 'answered' && result.status === 404 && (how.none_yet ?? []).some((one) => String(one) === code)) return 0;
  if (result.kind !== 'answered' || result.status >= 300) throw api.failure(result);
  const total = valueAt(result.body, how.total ?? '.');
  // Some APIs tell totals as texts.
  const number = typeof total === 'string' && /^\d{1,15}$/u.test(total) ? Number(total) : total;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw misdescribed({ ...type, request: `${method} ${asked.path}` }, part, `it says no number of ${object} at ${how.total ?? '.'}`, result.body);
}

/** Throws `platform-nonsense` where there are records of a year from now: a platform that does not know a word of a query leaves it out. */
async function demandNothingYet(type: Type, event: CountRequest['event'], how: Count): Promise<void> {
  const later = type.api.clock.now().getTime() + YEAR_MS;
  if ((await how(later, later + HOUR_MS)) === 0) return;
  const part = type.of.counted?.[event] === undefined ? ['changed'] : ['counted', event];
  throw misdescribed(type, part, `it counts ${type.object} that are ${event} a year from now: the times of the query are not heeded`);
}
