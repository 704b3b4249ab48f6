import type { Platform } from '../../connectors/index.js';
import { type CallOptions, defined } from '../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../records/index.js';
import type { CheckNote, NotedPlace } from '../ledger.js';
import { submissionsOf } from '../load/people.js';
import { foundIn, mentions } from '../load/readings.js';
import { valueIn } from '../touchpoints/facts.js';

/** An object type of an open platform. */
export interface Side {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
}

/** What a place holds of a run. */
export interface Found {
  /** They bear an address and a mark that were written down. */
  readonly ours: readonly PlatformRecord[];
  /** They bear only one of the marks, or one in another field, as a further address. */
  readonly others: readonly PlatformRecord[];
}

/** Whether a record bears what was written down of a place before the run began. */
export function ownershipOf(note: CheckNote, { nonce, address }: NotedPlace): (record: PlatformRecord) => 'ours' | 'half' | 'no' {
  const submissions = submissionsOf(note.submissions, note.mark);
  const people = new Set(submissions.map(({ person }) => person));
  const nonces = new Set(submissions.map((submission) => submission.nonce));
  return (record) => {
    const found = foundIn(record, { address, ...defined({ nonce }) }, note.mark);
    if (found === undefined) return 'no';
    const [stands] = found.nonces;
    const isPerson = found.person !== undefined && people.has(found.person);
    return isPerson && (nonce === undefined || (stands !== undefined && nonces.has(stands))) ? 'ours' : 'half';
  };
}

/**
 * Records of a run in one place, and others that bear a text of it. Where fewer come than there can be, all are read once more: a list may
 * shift while its pages are turned, and what moved over the edge of a page is on none.
 */
export async function markedIn(note: CheckNote, place: NotedPlace, side: Side, call: CallOptions): Promise<Found> {
  const whose = ownershipOf(note, place);
  const [ours, others] = [new Map<string, PlatformRecord>(), new Map<string, PlatformRecord>()];
  const look = async (): Promise<void> => {
    for await (const { records } of side.platform.connector.read({ schema: side.schema }, call))
      for (const record of records) {
        const is = whose(record);
        if (is === 'ours') ours.set(record.key, record);
        else if (is === 'half' || mentions(record, note.mark)) others.set(record.key, record);
      }
  };
  await look();
  const isAll = ours.size + others.size >= note.submissions.count - note.submissions.twice;
  if (!side.platform.connector.capabilities.consistentRead && !isAll) await look();
  return { ours: [...ours.values()], others: [...others.values()].filter(({ key }) => !ours.has(key)) };
}

/** Records that hold the key of one of a run, as a task that an automation made. */
export async function belongingTo(owners: ReadonlySet<string>, { address }: NotedPlace, side: Side, call: CallOptions): Promise<Found> {
  const ours = new Map<string, PlatformRecord>();
  if (owners.size === 0) return { ours: [], others: [] };
  for await (const { records } of side.platform.connector.read({ schema: side.schema }, call))
    for (const record of records) {
      const value = valueIn(record, address);
      if (typeof value === 'string' && owners.has(value)) ours.set(record.key, record);
    }
  return { ours: [...ours.values()], others: [] };
}
