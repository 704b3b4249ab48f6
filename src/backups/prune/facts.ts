import { type Clock, defined, parseDuration } from '../../lib/index.js';
import { byAge, type Catalog, isLastVerified, NOTES_KIND, type SnapshotSummary } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import type { JobConfig, KeepConfig } from '../../workspace/index.js';
import { gradeOf } from '../grade.js';
import type { KeepRules, RetainedJob, RetainedSnapshot, RetentionFacts } from '../retention/types.js';
import { holdsOf } from './holds.js';
import { referencesOf } from './references.js';

type Survey = Awaited<ReturnType<Catalog['survey']>>;

/** A job, as far as its rules go. */
export type RuledJob = Pick<JobConfig, 'name' | 'timezone' | 'keep'>;

/** What the facts are gathered from. */
export interface FactsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: Catalog;
  /** One whose name ends with a slash stands for all whose name begins so. */
  readonly jobs: readonly RuledJob[];
  /** Duration: `restores.plan_max_age`. */
  readonly planMaxAge: string;
  /** Copies that are waited for: see `lackingIn`. */
  readonly lacking?: RetentionFacts['lacking'];
}

/** What pruning goes by. */
export interface Facts {
  readonly facts: RetentionFacts;
  readonly summaries: readonly SnapshotSummary[];
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
  /** Ids of the snapshots that something was noted of. */
  readonly noted: ReadonlySet<string>;
}

/** What there is to judge in a catalog, and by what. */
export async function factsOf(deps: FactsDeps): Promise<Facts> {
  const noted = new Set(await deps.store.list(NOTES_KIND));
  const { snapshots, ignored } = await deps.catalog.survey();
  return { ...(await factsFor(deps, snapshots, ignored)), noted };
}

/** The same of snapshots that are given. */
export async function factsFor(
  deps: Pick<FactsDeps, 'store' | 'clock' | 'jobs' | 'planMaxAge' | 'lacking'>,
  snapshots: readonly SnapshotSummary[],
  ignored: Survey['ignored'],
): Promise<Omit<Facts, 'noted'>> {
  const { clock, jobs, lacking } = deps;
  const summaries = snapshots.toSorted(byAge);
  return {
    facts: {
      snapshots: summaries.map(retained),
      jobs: ruledJobs(jobs, summaries),
      ...(await referencesOf(deps)),
      unreadable: ignored.flatMap((file) => (file.unfinished === true || file.gone === true ? [] : idsIn(file))),
      now: clock.now(),
      ...defined({ lacking }),
    },
    summaries,
    unreadable: ignored,
  };
}

/** Each job by its name; of those that stand for many, all that made a snapshot. */
function ruledJobs(jobs: readonly RuledJob[], summaries: readonly SnapshotSummary[]): ReadonlyMap<string, RetainedJob> {
  const ruled = new Map(jobs.map(({ name, timezone, keep }) => [name, retainedJob(timezone, keep)]));
  for (const { job } of summaries) {
    const family = job === undefined || ruled.has(job) ? undefined : jobs.find(({ name }) => name.endsWith('/') && job.startsWith(name));
    if (job !== undefined && family !== undefined) ruled.set(job, retainedJob(family.timezone, family.keep));
  }
  return ruled;
}

/** The id in the name of a file, where there is one. */
export function idsIn({ path }: { readonly path: string }): readonly string[] {
  return /snap-[^/\\]*(?=\.zip$)/u.exec(path) ?? [];
}

/** What retention knows of a snapshot. */
export function retained(summary: SnapshotSummary): RetainedSnapshot {
  const { id, startedAt, job, pinned, pin, bases } = summary;
  return {
    id,
    startedAt,
    ...defined({ job }),
    grade: gradeOf(summary),
    holds: holdsOf(summary),
    verified: isLastVerified(summary),
    pinned: pinned ? defined({ reason: pin?.reason }) : false,
    bases,
  };
}

function retainedJob(zone: string, keep: KeepConfig | undefined): RetainedJob {
  if (keep === undefined) return { zone };
  const { within, ...places } = keep;
  const rules: KeepRules = { ...places, ...(within === undefined ? {} : { withinMs: parseDuration(within) }) };
  return { zone, rules };
}
