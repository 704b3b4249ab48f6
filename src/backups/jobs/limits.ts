import type { DailyQuota, Usage } from '../../connectors/index.js';
import { type Clock, defined, RunbackError, windowAt, type WindowState } from '../../lib/index.js';
import type { JobConfig } from '../../workspace/index.js';

/** What a job leaves to others of the requests that a platform allows in a day, as a share. */
const FOR_OTHERS = 0.5;
/** When to ask again where a platform does not say when its day ends. */
const ASK_AGAIN_MS = 3_600_000;
/** Longer than any day: a wait beyond it is of a clock that was put back since. */
const LONGEST_DAY_MS = 26 * 3_600_000;
/** How often a run looks whether it may continue. */
const LOOK_MS = 1000;

/** A platform that counts requests by the day, as a run finds it. */
export interface MeteredPlatform {
  readonly platform: string;
  /** Undefined where it does not say. */
  readonly quota: DailyQuota | undefined;
  /** What the run has used of it so far, and what its latest answer said. */
  readonly usage: () => Usage;
}

/** What is known of the day of a platform before a run. Times are ISO 8601, UTC. */
export interface QuotaView {
  readonly platform: string;
  /** Requests a day and those of today, of all users; absent where the platform does not say. */
  readonly limit?: number;
  readonly used?: number;
  readonly resets?: string;
  /** Requests of the last complete run; absent where there was none. */
  readonly needs?: number;
}

/** Why a run waits for the next day of a platform. */
export interface QuotaWait extends QuotaView {
  readonly limit: number;
  readonly used: number;
  /** When it is looked at again. */
  readonly until: string;
}

/** What a run is held to. */
export interface RunLimits {
  /** When its window closes; undefined without one. */
  readonly closes: Date | undefined;
  readonly metered: readonly MeteredPlatform[];
}

/** The window of a job now; undefined where it has none. Pure. */
export function windowOf({ window, timezone }: Pick<JobConfig, 'window' | 'timezone'>, now: Date): WindowState | undefined {
  return window === undefined ? undefined : windowAt(window, timezone, now);
}

/** What is known of the days of these platforms. `needs`: requests of the last complete run, by platform. */
export function quotaViews(metered: readonly MeteredPlatform[], needs: Readonly<Record<string, number>> = {}): readonly QuotaView[] {
  return metered.map(({ platform, quota }) => ({
    platform,
    ...defined({ limit: quota?.limit, used: quota?.used, resets: quota?.resets?.toISOString(), needs: needs[platform] }),
  }));
}

/**
 * What a run has to wait for: on one of the platforms it would leave less than half of the requests of the day to
 * others. Undefined where it may begin, as far as is known. Pure.
 */
export function quotaWait(views: readonly QuotaView[], now: Date): QuotaWait | undefined {
  for (const view of views) {
    const { limit, used, resets } = view;
    if (limit === undefined || used === undefined) continue;
    if (used + (view.needs ?? 1) <= ownShare(limit)) continue;
    return { ...view, limit, used, until: resets ?? new Date(now.getTime() + ASK_AGAIN_MS).toISOString() };
  }
  return undefined;
}

/** Whether a wait that was written down still stands, so that the platform need not be asked. Pure. */
export function stillWaits(wait: QuotaWait | undefined, now: Date): wait is QuotaWait {
  const left = wait === undefined ? 0 : Date.parse(wait.until) - now.getTime();
  return left > 0 && left < LONGEST_DAY_MS;
}

/**
 * Does some work until its window closes, or the platforms say that the half of the day that is its own is used up. Then
 * the work is stopped by its signal, and `backup-stopped` thrown, unless it has come to its end all the same.
 */
export async function withinLimits<T>(
  { closes, metered }: RunLimits,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const meters = metered.flatMap((one) => (one.quota === undefined ? [] : [meterOf(one, one.quota)]));
  if (closes === undefined && meters.length === 0) return await work(signal);
  const [stop, end] = [new AbortController(), new AbortController()];
  const whyNot = (): RunbackError | undefined => {
    const now = clock.now();
    return closes !== undefined && now >= closes ? windowClosed(closes) : meters.map((meter) => meter(now)).find((why) => why !== undefined);
  };
  const watching = (async () => {
    while (!end.signal.aborted) {
      await clock.sleep(LOOK_MS, end.signal);
      const why = whyNot();
      if (why !== undefined) return stop.abort(why);
    }
  })().catch(() => undefined);
  try {
    return await work(AbortSignal.any([signal, stop.signal]));
  } catch (error) {
    if (stop.signal.aborted && !signal.aborted) throw stop.signal.reason;
    throw error;
  } finally {
    end.abort();
    await watching;
  }
}

/** Says why a run may not continue on a platform; undefined as long as it may. */
function meterOf({ platform, usage }: MeteredPlatform, quota: DailyQuota): (now: Date) => RunbackError | undefined {
  const before = usage().requests;
  return (now) => {
    const { requests, daily } = usage();
    const isNextDay = quota.resets !== undefined && now >= quota.resets;
    // Without a word of the platform, what this run has sent since it was asked.
    const counted = requests - before + (isNextDay ? 0 : quota.used);
    const [limit, used] = daily === undefined ? [quota.limit, counted] : [daily.limit, daily.limit - daily.left];
    return used > ownShare(limit) ? shareUsed(platform, used, limit) : undefined;
  };
}

const ownShare = (limit: number): number => Math.floor(limit * (1 - FOR_OTHERS));

const NOTHING_LEFT = 'No snapshot was made; nothing was changed on any platform.';

function windowClosed(closes: Date): RunbackError {
  return new RunbackError('backup-stopped', `The window of the job closed at ${closes.toISOString()}, before everything was read`, {
    state: NOTHING_LEFT,
    next: 'Give the job a longer window in runback.yml, or fewer object types; it is run again at its next time.',
  });
}

function shareUsed(platform: string, used: number, limit: number): RunbackError {
  return new RunbackError('backup-stopped', `${platform} has used ${used} of its ${limit} requests of today, and half of them are for others`, {
    why: 'The run took more requests than the last one, or others took many while it was at work.',
    state: NOTHING_LEFT,
    next: 'It is run again at its next time. A run that a person starts is not stopped: runback backup run with the name of the job',
  });
}
