import type { DailyQuota, Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, defined } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import { everyFew } from '../reading/every-few.js';
import { historiesOf } from '../reading/history.js';
import { PROPOSALS } from '../thresholds.js';
import type { KnownSync } from '../types.js';
import { proposeFields } from './propose.js';
import type { FieldProposal, SampledObject } from './types.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Records that one search may give: of a busy day, some of these are taken, spread over them. */
const FOUND_AT_ONCE = 200;
/** By so many hours each day ends earlier in the day than the one after it. */
const HOURS_ON = 7;

/** What was looked at for proposals, and what they are. Times are ISO 8601, UTC. */
export interface FieldProposals {
  readonly platform: string;
  /** Records whose history was read, and requests that it took. */
  readonly records: number;
  readonly requests: number;
  /** Days before now that were looked at, and how many of the last of them did not count. */
  readonly days: number;
  readonly quietDays: number;
  readonly at: string;
  /** Of what the platform allows in a day; absent where it does not say. */
  readonly quota?: { readonly limit: number; readonly left: number };
  /** Object types of which nothing could be read, and why. */
  readonly skipped: readonly { readonly object: string; readonly why: string }[];
  readonly proposals: readonly FieldProposal[];
}

/** Why nothing was looked at. */
export interface NoProposals {
  readonly platform: string;
  /** As a clause that begins with a small letter. */
  readonly why: string;
}

/**
 * Looks at a bounded sample of the last days of a platform with field history, for what syncs are there to write. Takes
 * no more than a small share of the day's requests. Changes nothing. Throws what the connector throws.
 */
export async function readProposals(
  platform: Platform,
  syncs: readonly KnownSync[],
  clock: Clock,
  options: CallOptions = {},
): Promise<FieldProposals | NoProposals> {
  const { connector, name } = platform;
  if (connector.capabilities.history !== 'field' || connector.writtenBetween === undefined)
    return { platform: name, why: 'it keeps no history of fields' };
  const before = connector.usage().requests;
  const { objects } = await connector.describe(platform.objects, options);
  const usable = objects.filter(({ refused }) => refused === undefined);
  const quota = await connector.dailyQuota?.(options);
  const perDay = perDayWithin(quota, usable.length, connector.capabilities.batch.history);
  if (perDay === 0) return { platform: name, why: `looking would take more than ${PROPOSALS.shareOfQuota * 100} % of the requests left today` };
  const nowMs = (connector.now?.() ?? clock.now()).getTime();
  const sampled: SampledObject[] = [];
  const skipped: { readonly object: string; readonly why: string }[] = [];
  for (const schema of usable) {
    const keys = await keysOf(platform, schema, nowMs, perDay, options);
    if (keys === undefined) skipped.push({ object: schema.object, why: 'the platform does not tell when its records were changed' });
    else {
      const fields = schema.fields.filter(({ readOnly }) => !readOnly).map((field) => field.name);
      sampled.push({ schema, histories: await historiesOf(platform, schema, keys, fields, options, { mayLack: true }) });
    }
  }
  const proposals = proposeFields({ objects: sampled, nowMs, syncs, ...defined({ own: platform.identity.writer }) });
  return {
    platform: name,
    records: sampled.reduce((sum, { histories }) => sum + histories.size, 0),
    requests: connector.usage().requests - before,
    days: PROPOSALS.days,
    quietDays: PROPOSALS.quietDays,
    at: new Date(nowMs).toISOString(),
    ...(quota === undefined ? {} : { quota: { limit: quota.limit, left: Math.max(0, quota.limit - quota.used) } }),
    skipped,
    proposals,
  };
}

/** Records of each day that the share of the day's requests allows; 0 where it allows too few to tell anything. */
export function perDayWithin(quota: DailyQuota | undefined, objects: number, batch: number): number {
  if (quota === undefined) return PROPOSALS.perDay;
  const allowed = (PROPOSALS.shareOfQuota * (quota.limit - quota.used)) / Math.max(1, objects) - PROPOSALS.days;
  const affordable = Math.floor((allowed * batch) / PROPOSALS.days);
  return affordable < PROPOSALS.leastPerDay ? 0 : Math.min(PROPOSALS.perDay, affordable);
}

/**
 * Records that were changed last on each of the days, the same number of each: what changed many in one night is no more
 * of the sample than any other day, unless the other days give too few. Days end at different hours, so that it is not
 * always the same work. Undefined where the platform cannot be asked.
 */
async function keysOf(
  { connector }: Platform,
  schema: ObjectSchema,
  nowMs: number,
  perDay: number,
  options: CallOptions,
): Promise<readonly string[] | undefined> {
  const [keys, more] = [new Set<string>(), new Set<string>()];
  for (let day = 0; day < PROPOSALS.days; day += 1) {
    const [from, to] = [edgeOf(nowMs, day + 1), edgeOf(nowMs, day)];
    const found = await connector.writtenBetween?.({ schema, from, to, most: FOUND_AT_ONCE }, options);
    if (found === undefined) return undefined;
    for (const key of everyFew(found.keys, perDay)) keys.add(key);
    for (const key of found.keys) more.add(key);
    options.reporter?.progress({ task: `Looking at who writes ${schema.object}`, done: day + 1, total: PROPOSALS.days, unit: 'days' });
  }
  // Whatever wrote over nearly everything in one night took all other days with it: their history is in the records still.
  const rest = everyFew(
    [...more].filter((key) => !keys.has(key)),
    perDay * PROPOSALS.days - keys.size,
  );
  return [...keys, ...rest];
}

/** Where a day that is counted back from now begins, between 7 and 31 hours before the next. */
function edgeOf(nowMs: number, day: number): Date {
  return new Date(nowMs - day * DAY_MS - ((day * HOURS_ON) % 24) * HOUR_MS);
}
