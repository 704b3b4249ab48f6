import { inOrder, RunbackError, silentReporter, type CallOptions } from '../../../lib/index.js';
import { watchedFields, type ObjectSchema } from '../../../records/index.js';
import { isLink } from '../../decide/conflicts.js';
import type { PlanFilters } from '../../types.js';
import type { ObjectThenAndNow, PlanContext } from '../context.js';
import type { Facts, Known } from '../facts/facts.js';
import { decideBatch } from './decide-batch.js';
import { differences, withExtra } from './differences.js';
import { inBatches } from './in-batches.js';
import { withParents } from './parents.js';
import { batchSizeOf, readBatch } from './read-batch.js';
import { relevant } from './relevant.js';

/** Reads that run at once, so that waiting for answers does not keep the rate limit from being reached. */
const READS_AT_ONCE = 4;

/**
 * Plans the records of one object type, as a line of stages: compares the snapshots, leaves out what live can say
 * nothing about, reads live in batches for the keys that differ, decides, looks for what is referred to. Facts that
 * were taken are {@link Known} before the next are asked for. Some batches are read ahead; no more is held.
 */
export async function* planObject(context: PlanContext, known: Known, type: ObjectThenAndNow, options: CallOptions): AsyncIterable<Facts> {
  const { object, refused } = type.live;
  const reporter = options.reporter ?? silentReporter;
  checkRestorable(type.live, context.filters);
  if (refused !== undefined) {
    yield { notCovered: [{ object, extent: 'all', why: refused }] };
    return;
  }
  const watched = watchedFields(type.live).map((field) => field.name);
  const compared = differences(context.pair, object, { watched, withheld: type.live.withheld ?? [] }, options);
  const found = withExtra(compared, context.pair, object, { extra: context.extra, watched });
  const batches = inBatches(relevant(context, type, found), batchSizeOf(context));
  let done = 0;
  for await (const batch of inOrder(batches, READS_AT_ONCE, (some) => readBatch(context, type, some, options))) {
    const { facts, held } = await decideBatch(context, type, batch, options);
    yield facts;
    yield await withParents(context, known, held, options);
    yield* batch.facts;
    if (batch.differences.length === 0) continue;
    done += batch.differences.length;
    reporter.progress({ task: `Planning ${object}`, done, unit: 'records' });
  }
}

/**
 * Refuses an object type that was asked for by name and cannot be restored, and a field that only says what a link
 * says.
 */
function checkRestorable(schema: ObjectSchema, filters: PlanFilters): void {
  const { object, refused } = schema;
  if (refused !== undefined) {
    if (filters.objects?.includes(object) !== true) return;
    throw new RunbackError('object-unsupported', `${object} cannot be restored`, {
      why: refused,
      state: 'Nothing was written.',
      next: 'Leave it out of --object, or fix on the platform what prevents it.',
    });
  }
  refuseViaLink(schema, filters);
}

/** Refuses a field that only says what a link says. Throws `usage`. */
export function refuseViaLink(schema: ObjectSchema, filters: PlanFilters): void {
  const { object } = schema;
  const viaLink = filters.fields?.find((name) => isLink(schema, name));
  if (viaLink === undefined) return;
  throw new RunbackError('usage', `${viaLink} of ${object} cannot be restored as a separate field`, {
    why: 'It only repeats what a link says, and comes back with that link.',
    state: 'Nothing was written.',
    next: 'Leave --field out, or limit the plan to links: --only links',
  });
}
