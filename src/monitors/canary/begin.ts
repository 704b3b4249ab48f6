import type { Platform } from '../../connectors/index.js';
import { defined, newId } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { Canary } from './canary.js';
import type { CanaryDeps } from './deps.js';
import { fieldIn, misfitOf, type Objection, type SeenLabels } from './fit.js';
import type { CanaryJournal } from './journal.js';
import { newNonce } from './nonce.js';
import { type SeenRecord, unsafeBecause, unsafeCopy } from './safe.js';
import { changedNames, digestOf, othersOf, recordAt, schemaAt, seenAt } from './sides.js';
import type { Ended } from './state.js';
import { lockFor, type Written, writeNonce } from './write.js';

/** Both sides; each is opened when it is first asked for, and a look at the copy alone opens only that. */
export interface OpenSides {
  from(): Promise<Platform>;
  to(): Promise<Platform>;
}

/** What everything that was looked at came to: nothing stands against a write. */
export interface Ready {
  readonly schemas: readonly [ObjectSchema, ObjectSchema];
  readonly here: SeenRecord & { readonly record: NonNullable<SeenRecord['record']> };
  readonly there: SeenRecord & { readonly record: NonNullable<SeenRecord['record']> };
}

/** Looks whether a canary may be written to now. Writes nothing. */
export async function readyOf(canary: Canary, sides: OpenSides, labels: SeenLabels, { call, rivals }: CanaryDeps): Promise<Ready | Objection> {
  const [rival] = rivals;
  if (rival !== undefined)
    return { because: 'second-canary', why: `${rival} is a canary of the same mapping or record. A flow has one, and no two write to one record.` };
  const [from, to] = [await sides.from(), await sides.to()];
  const schemas = [await schemaAt(from, canary.from, call), await schemaAt(to, canary.to, call)] as const;
  const misfit = misfitOf(canary, schemas, labels);
  const [own, far] = schemas;
  if (misfit !== undefined || own === undefined || far === undefined) return misfit ?? { because: 'object-gone', why: 'A side cannot be read.' };
  const there = await seenAt(to.connector, far, canary.to, call);
  if ('because' in there) return there;
  const copy = unsafeCopy(canary, far, there);
  if (copy !== undefined) return copy;
  // Last, so that the write follows at once.
  const here = await seenAt(from.connector, own, canary.from, call);
  if ('because' in here) return here;
  const unsafe = unsafeBecause(canary, own, here);
  if (unsafe !== undefined) return unsafe;
  return { schemas: [own, far], here, there } as Ready;
}

/** Checks the record, writes the intent, then the text, and reads the record again. At most one write. */
export async function beginRun(canary: Canary, sides: OpenSides, journal: CanaryJournal, deps: CanaryDeps): Promise<Ended> {
  const { clock, store, by, call } = deps;
  const run = newId('canary', clock);
  const from = await sides.from();
  const lock = await lockFor(store, from, canary, { by, run });
  try {
    const ready = await readyOf(canary, sides, journal.state.labels, deps);
    if ('because' in ready) return { verdict: ready.because === 'copy-gone' ? 'lost' : 'refused', ...ready };
    const { schemas, here, there } = ready;
    const [own, far] = schemas;
    const nonce = newNonce();
    const before = othersOf(canary, own, here.record);
    await lock.check();
    await journal.intend({
      run,
      nonce,
      account: from.identity.account,
      others: digestOf(before),
      stoodThere: digestOf(there.record.fields[canary.to.field] ?? there.record.meta[canary.to.field]),
      labels: { ...defined({ from: fieldIn(own, canary.from.field)?.label, to: fieldIn(far, canary.to.field)?.label }) },
    });
    const written = await writeNonce(from, canary, own, { record: here.record, nonce }, call);
    return await afterWrite(canary, { platform: from, schema: own, before }, written, journal, deps);
  } finally {
    await lock.release();
  }
}

/** `before`: what else the record held; only its digest is known where another process wrote. */
interface WrittenSide {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
  readonly before?: ReturnType<typeof othersOf>;
}

async function afterWrite(canary: Canary, side: WrittenSide, written: Written, journal: CanaryJournal, deps: CanaryDeps): Promise<Ended> {
  const { open } = journal.state;
  if (open === undefined) return undefined;
  const told = 'why' in written ? { why: written.why, ...defined({ correlationId: written.correlationId }) } : {};
  switch (written.status) {
    case 'rejected':
      return { verdict: 'refused', because: 'rejected', ...told };
    case 'failed':
      return { verdict: 'unknown', because: 'unreachable', ...told };
    case 'moved':
      return { verdict: 'unknown', because: 'moved', ...told };
    default:
      await journal.written(open, written.status);
      return await verifyWrite(canary, side, journal, deps);
  }
}

/** Reads the record after the write: it has to hold the text, and everything else as before. */
export async function verifyWrite(
  canary: Canary,
  { platform, schema, before }: WrittenSide,
  journal: CanaryJournal,
  { call }: CanaryDeps,
): Promise<Ended> {
  const { open } = journal.state;
  if (open === undefined) return undefined;
  const { field } = canary.from;
  const record = await recordAt(platform.connector, schema, canary.from, call);
  if (record === undefined) return { verdict: 'wrong', because: 'record-gone', why: 'The canary record is not there after the write.' };
  const after = othersOf(canary, schema, record);
  if (digestOf(after) !== open.others) {
    const names = before === undefined ? [] : changedNames(before, after);
    const which = names.length === 0 ? 'Another field' : names.join(', ');
    return { verdict: 'wrong', because: 'other-fields', why: `${which} of the canary record changed with the write of ${field}.` };
  }
  if (record.fields[field] === open.nonce) {
    await journal.verified(open);
    return undefined;
  }
  // Nobody knows whether the write is still to come.
  if (open.written !== 'applied')
    return { verdict: 'unknown', because: 'in-doubt', why: 'Whether the text was written is not known: its answer was lost.' };
  return { verdict: 'wrong', because: 'written-back', why: `${field} of the canary record held something else right after the write.` };
}
