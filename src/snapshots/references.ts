import { type Clock, RunbackError } from '../lib/index.js';
import type { SnapshotSummary } from './types.js';

/** Which snapshots `latest` and `latest-verified` may mean. */
export interface ResolveFilter {
  /** Holds this platform. */
  readonly platform?: string;
  /** Holds records of all these object types. */
  readonly objects?: readonly string[];
  /** Was complete before this moment. */
  readonly before?: Date;
  /** Holds more than one platform. */
  readonly several?: true;
}

export const isWord = (reference: string): reference is 'latest' | 'latest-verified' => reference === 'latest' || reference === 'latest-verified';

export function ambiguous(reference: string, ids: readonly string[]): RunbackError {
  return new RunbackError('ambiguous', `${JSON.stringify(reference)} fits ${ids.length} snapshots`, {
    why: `It may mean ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' and more' : ''}.`,
    state: 'Nothing was done.',
    next: 'Type more of the id.',
    data: { ids },
  });
}

/**
 * The newest that a word means, among snapshots that are given newest first; never one that was made from a file. Throws `not-found` with what there is
 * instead.
 */
export function latest(
  reference: 'latest' | 'latest-verified',
  filter: ResolveFilter,
  snapshots: readonly SnapshotSummary[],
  clock: Clock,
): SnapshotSummary {
  const before = (filter.before ?? clock.now()).toISOString();
  const usable = snapshots.filter(
    (snapshot) =>
      snapshot.imported === undefined &&
      (filter.platform === undefined || snapshot.platforms.some(({ name }) => name === filter.platform)) &&
      (filter.before === undefined || snapshot.finishedAt < before) &&
      (filter.several === undefined || snapshot.platforms.length > 1) &&
      (filter.objects ?? []).every((object) => holds(snapshot, filter.platform, object)),
  );
  const found = usable.find((snapshot) => reference === 'latest' || isLastVerified(snapshot));
  if (found) return found;
  const which = [
    filter.several === undefined ? '' : ' of several platforms',
    filter.platform === undefined ? '' : ` of ${filter.platform}`,
    filter.objects === undefined ? '' : ` that holds ${filter.objects.join(', ')}`,
    filter.before === undefined ? '' : ` from before ${before}`,
  ].join('');
  const gap = snapshots
    .flatMap(({ id, gaps }) => gaps.map((one) => ({ id, ...one })))
    .find(({ object, platform }) => filter.objects?.includes(object) && (filter.platform ?? platform) === platform);
  if (usable.length === 0 && gap !== undefined) throw missing(`There is no snapshot${which}`, `${gap.id} does not: ${gap.why}`);
  const [newest] = usable;
  const clean = usable.find(({ suspect }) => suspect === undefined);
  if (clean !== undefined)
    throw missing(
      `No snapshot${which} has been verified`,
      `There are ${usable.length} that were not${usable.every(({ suspect }) => suspect === undefined) ? '' : ', or are suspect'}.`,
      clean.record === undefined
        ? `Nothing was recorded of the newest when it was made. If you know that it is the right file: runback snapshot adopt ${clean.id}`
        : `Verify the newest: runback snapshot verify ${clean.id}`,
    );
  if (newest !== undefined)
    throw missing(
      `Every snapshot${which} is suspect`,
      `Of ${newest.id} is known: ${(newest.suspect ?? []).join('. ')}.`,
      `If you looked at it and it is right: runback snapshot accept ${newest.id} --reason TEXT`,
    );
  const file = snapshots.find(
    ({ imported, platforms }) => imported !== undefined && platforms.some(({ name }) => name === (filter.platform ?? name)),
  );
  if (file?.imported !== undefined)
    throw missing(
      `There is no snapshot${which}`,
      `${file.id} was imported from ${file.imported.file}, and no word means such a snapshot.`,
      `If that is the one you mean, name it: ${file.id}`,
    );
  throw missing(`There is no snapshot${which}`, snapshots.length > 0 ? `There are ${snapshots.length} others.` : 'None has been made yet.');
}

/**
 * Whether `latest-verified` may mean it: a platform was read for it, every byte was found right, and nothing is known
 * against what it holds.
 */
export function isLastVerified({ verifiedAt, suspect, imported }: Pick<SnapshotSummary, 'verifiedAt' | 'suspect' | 'imported'>): boolean {
  return verifiedAt !== undefined && suspect === undefined && imported === undefined;
}

function holds(snapshot: SnapshotSummary, platform: string | undefined, object: string): boolean {
  return snapshot.objects.some((held) => held.object === object && (platform === undefined || held.platform === platform));
}

export function missing(message: string, why: string, next = 'See which there are: runback snapshot list'): RunbackError {
  return new RunbackError('not-found', message, { why, state: 'Nothing was done.', next });
}
