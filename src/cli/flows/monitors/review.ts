import type { Course, ReviewInput } from '../../../monitors/index.js';
import type { Session } from '../../session/session.js';
import { testsFolder } from '../checks/tests.js';

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const WEEKS_BEFORE = 8;
const COURSE_MS = 10 * WEEK_MS;

/** All that a review of the seven days before `until` is made of, out of what is kept in the workspace. Asks no platform. */
export async function reviewInput(session: Session, until: Date): Promise<ReviewInput> {
  const { countedSince, readCounts } = await import('../../../calls/index.js');
  const to = new Date(Math.ceil(until.getTime() / HOUR_MS) * HOUR_MS);
  const from = new Date(to.getTime() - WEEK_MS);
  const first = new Date(from.getTime() - WEEKS_BEFORE * WEEK_MS);
  const calls = await readCounts(session.store, first, new Date(to.getTime() + 24 * HOUR_MS));
  const courses = [...(await testCourses(session)), ...(await snapshotCourses(session)), ...(await seriesCourses(session, to))];
  return { from, to, countedSince: (await countedSince(session.store)) ?? to, calls, courses };
}

interface Timed {
  readonly name: string;
  readonly at: string;
  readonly ms: number;
  readonly id: string;
}

function coursesOf(timed: readonly Timed[]): readonly Course[] {
  return [...new Set(timed.map(({ name }) => name))].map((name): Course => {
    const own = timed.filter((each) => each.name === name).toSorted((a, b) => (a.at < b.at ? -1 : 1));
    const latest = own.at(-1)?.id;
    return { name, unit: 'ms', points: own.map(({ at, ms }) => ({ at, value: ms })), ...(latest !== undefined && { latest }) };
  });
}

const spanOf = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** Tests, and what canaries took to arrive. */
async function testCourses(session: Session): Promise<readonly Course[]> {
  const { readCheckResults, testFiles } = await import('../../../checks/index.js');
  const { canaryResults } = await import('../../../monitors/index.js');
  const results = await readCheckResults(session.store);
  const timed: Timed[] = results.map(({ test, id, startedAt, endedAt }) => ({
    name: `test ${test}`,
    at: startedAt,
    ms: spanOf(startedAt, endedAt),
    id,
  }));
  for (const { id, test } of await testFiles(testsFolder(session)))
    if (test?.kind === 'canary')
      for (const { at, tookMs, run } of await canaryResults(session.store, test.id, 60))
        if (tookMs !== undefined) timed.push({ name: `canary ${id}`, at, ms: tookMs, id: run });
  return coursesOf(timed);
}

/** Snapshots that jobs took; those of people are of many sizes. */
async function snapshotCourses(session: Session): Promise<readonly Course[]> {
  const snapshots = await (await session.catalog()).list();
  return coursesOf(
    snapshots.flatMap(({ id, job, startedAt, finishedAt, imported }) =>
      job === undefined || imported !== undefined ? [] : [{ name: `snapshots of ${job}`, at: startedAt, ms: spanOf(startedAt, finishedAt), id }],
    ),
  );
}

/** How long syncs took, and what of a quota was used, as monitors measured it. */
async function seriesCourses({ store }: Session, to: Date): Promise<readonly Course[]> {
  const { ALL, SeriesDays } = await import('../../../monitors/index.js');
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const histories = await new SeriesDays(store).read(day(to.getTime() - COURSE_MS), day(to.getTime()), ALL);
  return [...histories.values()].flatMap(({ series: { of }, events }): readonly Course[] => {
    const took = events.flatMap((event) => (event.kind === 'duration' ? [{ at: event.at, value: event.ms }] : []));
    const used = events.flatMap((event) =>
      event.kind === 'level' && event.limit !== undefined ? [{ at: event.at, value: event.value, limit: event.limit }] : [],
    );
    const limit = used.at(-1)?.limit;
    return [
      ...(took.length > 0 ? [{ name: `sync ${of}`, unit: 'ms' as const, points: took }] : []),
      ...(limit !== undefined ? [{ name: `use of ${of}`, unit: 'count' as const, points: peaksOf(used), limit }] : []),
    ];
  });
}

/** What was used of a day is known at its end: the most of each day. */
function peaksOf(used: readonly { readonly at: string; readonly value: number }[]): Course['points'] {
  const peaks = new Map<string, { at: string; value: number }>();
  for (const point of used) {
    const day = point.at.slice(0, 10);
    const known = peaks.get(day);
    if (known === undefined || point.value > known.value) peaks.set(day, { at: point.at, value: point.value });
  }
  return [...peaks.values()];
}
