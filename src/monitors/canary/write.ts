import { type Platform, platformLock } from '../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../records/index.js';
import type { Lock, Store } from '../../store/index.js';
import type { Canary } from './canary.js';
import { isNonce } from './nonce.js';

/** What became of the one write. */
export type Written =
  | { readonly status: 'applied' | 'in-doubt' }
  | { readonly status: 'moved' | 'failed' | 'rejected'; readonly why: string; readonly correlationId?: string };

/**
 * The only way by which monitors write to a platform: one text into the one declared field of the one declared record.
 * Everything else is refused here (`bug`), whoever asks.
 */
export async function writeNonce(
  { connector }: Platform,
  { from }: Canary,
  schema: ObjectSchema,
  { record, nonce }: { readonly record: PlatformRecord; readonly nonce: string },
  call: CallOptions,
): Promise<Written> {
  if (record.key !== from.key || schema.object !== from.object || !isNonce(nonce))
    throw new RunbackError('bug', 'A canary may write nothing but its text into its own record', { state: 'Nothing was written.' });
  const stands = record.fields[from.field];
  const [result] = await connector.write(
    [{ action: 'update', schema, key: from.key, set: { [from.field]: nonce }, expect: stands === undefined ? {} : { [from.field]: stands } }],
    call,
  );
  switch (result?.status) {
    case 'applied':
      return { status: 'applied' };
    case 'moved':
      return { status: 'moved', why: `${from.field} was written to by someone else at the same moment.` };
    case 'rejected':
    case 'failed': {
      const { status, message: why, correlationId } = result;
      return { status, why, ...(correlationId !== undefined && { correlationId }) };
    }
    default:
      return { status: 'in-doubt' };
  }
}

/** The lock that every writer to a platform holds. Only what a canary left behind is taken over. */
export async function lockFor(
  store: Store,
  platform: Platform,
  { id }: Canary,
  { by, run }: { readonly by: string; readonly run: string },
): Promise<Lock> {
  const isOurs = async ({ holder }: { readonly holder: string }): Promise<boolean> => await Promise.resolve(holder.startsWith('canary-'));
  return await store.lock(platformLock(platform), { by, holder: run, purpose: `canary ${id}` }, { breakDead: isOurs, lapse: true });
}
