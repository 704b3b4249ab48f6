import type { CallOptions } from '../../../lib/index.js';
import { type BatchRequest, rejection, type Results, sendBatch } from '../../http/batch.js';
import { ADDRESS } from '../describe/fields.js';
import type { Session } from '../read/session.js';
import { listPath } from '../wire/api.js';
import { reasonOf } from '../wire/problem.js';
import { isBatch, type WireBatch, type WireBatchError, type WireMember } from '../wire/shapes.js';
import { refusal, type Slot } from './slots.js';

/** The most members of one batch. */
export const MOST = 500;

/** A slot of a batch: members are told apart by their addresses there. */
export interface ManySlot extends Slot {
  readonly address: string;
}

/** What an answer tells of one member. */
export type Told = { readonly is: 'new' | 'updated'; readonly member: WireMember } | { readonly is: 'error'; readonly error: WireBatchError };

/**
 * Sends members in one request. It is answered with 200 whatever became of each; `settle` sets the result of one that is told,
 * those that are told nowhere may or may not be written.
 */
export async function sendMany(
  session: Session,
  slots: readonly ManySlot[],
  existing: boolean,
  settle: (slot: ManySlot, told: Told) => Promise<void> | void,
  results: Results,
  call: CallOptions,
): Promise<void> {
  // Values that stood there are written as they were, also where a field has to be filled in by now.
  const path = listPath(session.audience, '', { skip_merge_validation: 'true' });
  const request: BatchRequest<ManySlot> = {
    send: async (some) => await session.api.send(path, { members: some.map(memberOf), update_existing: existing }, isBatch, call),
    take: async (some, body) => {
      const told = toldIn(body as WireBatch);
      for (const slot of some) results.set(slot, { status: 'in_doubt', message: 'Mailchimp told nothing of this member' });
      for (const slot of some) {
        const one = told.get(slot.address.toLowerCase());
        if (one !== undefined) await settle(slot, one);
      }
      return {};
    },
    refusal,
  };
  await sendBatch(session.api, slots, request, results, call);
}

function memberOf({ address, body }: ManySlot): unknown {
  return { ...body, [ADDRESS]: address };
}

function toldIn({ new_members: made, updated_members: updated, errors }: WireBatch): ReadonlyMap<string, Told> {
  const told = new Map<string, Told>();
  const put = (address: string | undefined, one: Told): void => {
    // Recorded with quotation marks around it.
    if (address !== undefined) told.set(address.replaceAll('"', '').trim().toLowerCase(), one);
  };
  for (const error of errors) put(error.email_address, { is: 'error', error });
  for (const member of updated) put(member.email_address, { is: 'updated', member });
  for (const member of made) put(member.email_address, { is: 'new', member });
  return told;
}

/** Whether the address of a new member is one that the audience has, in whatever status. */
export function isThere({ error_code: code, error = '' }: WireBatchError): boolean {
  return code === 'ERROR_CONTACT_EXISTS' || reasonOf(error) === 'unique-taken';
}

/** The refusal of one member of a batch. */
export function refusedAs({ set }: Slot, { error = '', field = '', field_message: more = '' }: WireBatchError): ReturnType<typeof rejection> {
  const message = more === '' ? error : `${error} ${field}: ${more}`;
  const reason = reasonOf(error, more);
  const about = [field, ...(reason === 'consent' ? ['status'] : reason === 'irreversible' || reason === 'unique-taken' ? [ADDRESS] : [])];
  return rejection(
    reason,
    message,
    undefined,
    about.filter((name) => Object.hasOwn(set, name)),
  );
}
