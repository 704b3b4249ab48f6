import type { DailyQuota, Pace, Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, isRunbackError, messageOf } from '../../lib/index.js';
import { checkAccount, type Plan } from '../../restores/index.js';

/** What is known of how fast the real account is. */
export interface AccountPace {
  /** How fast calls may follow each other; absent where nothing limits them. */
  readonly pace?: Pace;
  /** Of one call. */
  readonly latencyMs: number;
  /** `assumed`: nobody was asked. */
  readonly latencyFrom: 'measured' | 'given' | 'assumed';
  /** Calls made to the account for this, all of them reads. */
  readonly asked: number;
  readonly quota?: DailyQuota;
  /** Why the account was not asked. */
  readonly notAsked?: string;
}

/** How a person wants it to be found out. */
export interface AccountAsked {
  /** Opens the real account, for reading only; whoever calls closes it. Absent: it is not asked. */
  readonly open?: () => Promise<Platform>;
  /** Instead of measuring. */
  readonly latencyMs?: number;
  readonly movedTo?: string;
}

/** What a call of an API across the internet may take, where nobody can say. */
const ASSUMED_MS = 250;
const READS = 5;
const KEYS = 100;

/**
 * Asks the account of a plan, by a few reads, how fast it answers, how many calls it takes in a while, and how many are
 * left today. Writes nothing. Where it cannot be asked, that is said and the rest assumed. Throws `plan-other-account`
 * and `interrupted`.
 */
export async function askAccount(plan: Plan, { open, latencyMs, movedTo }: AccountAsked, clock: Clock, call: CallOptions): Promise<AccountPace> {
  const known =
    latencyMs === undefined ? ({ latencyMs: ASSUMED_MS, latencyFrom: 'assumed' } as const) : ({ latencyMs, latencyFrom: 'given' } as const);
  if (open === undefined) return { ...known, asked: 0, notAsked: 'it was not to be asked' };
  let platform: Platform;
  try {
    platform = await open();
  } catch (error) {
    return { ...known, asked: 0, notAsked: whyNot(error) };
  }
  checkAccount(plan.header, platform, movedTo);
  const { connector } = platform;
  try {
    const measured = latencyMs === undefined ? await latencyOf(plan, platform, clock, call) : undefined;
    const quota = await connector.dailyQuota?.(call);
    return {
      ...known,
      ...(measured === undefined ? {} : { latencyMs: measured, latencyFrom: 'measured' }),
      ...(connector.pace && { pace: connector.pace() }),
      ...(quota && { quota }),
      asked: connector.usage().requests,
    };
  } catch (error) {
    return { ...known, asked: connector.usage().requests, notAsked: whyNot(error) };
  }
}

/** Milliseconds that a call takes: the median of some reads of records that a plan is about; undefined where it is about none. */
export async function latencyOf(
  plan: Plan,
  { connector }: Pick<Platform, 'connector'>,
  clock: Clock,
  call: CallOptions,
): Promise<number | undefined> {
  const sample = await sampleOf(plan, Math.min(KEYS, connector.capabilities.batch.read));
  const schema = plan.schema.objects.find(({ object }) => object === sample?.object);
  if (sample === undefined || schema === undefined) return undefined;
  const took: number[] = [];
  for (let n = 0; n < READS; n += 1) {
    const [before, began] = [connector.usage().requests, clock.monotonicMs()];
    for await (const _ of connector.read({ schema, keys: sample.keys }, call));
    const requests = connector.usage().requests - before;
    if (requests > 0) took.push((clock.monotonicMs() - began) / requests);
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length / 2)];
}

/** Some records of one object type. */
async function sampleOf(plan: Plan, most: number): Promise<{ readonly object: string; readonly keys: readonly string[] } | undefined> {
  let object: string | undefined;
  const keys = new Set<string>();
  for await (const line of plan.lines()) {
    if (line.kind !== 'change') continue;
    const record = 'link' in line ? line.from : line;
    object ??= record.object;
    if (record.object === object) keys.add(record.key);
    if (keys.size >= most) break;
  }
  return object === undefined ? undefined : { object, keys: [...keys] };
}

/** Why the account cannot be asked, in words. What is no trouble with that is thrown. */
function whyNot(error: unknown): string {
  if (!isRunbackError(error) || ['interrupted', 'bug', 'plan-other-account'].includes(error.code)) throw error;
  return messageOf(error);
}
