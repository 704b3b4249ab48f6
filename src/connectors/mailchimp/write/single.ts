import type { CallOptions } from '../../../lib/index.js';
import { ownValue, setElements } from '../../../records/index.js';
import type { MutationResult } from '../../connector.js';
import { type BatchRequest, rejection, type Results } from '../../http/batch.js';
import { TAGS } from '../describe/fields.js';
import { findMember } from '../read/keys.js';
import { wanted } from '../read/record.js';
import type { Session } from '../read/session.js';
import { listPath } from '../wire/api.js';
import { isMember, type WireMember } from '../wire/shapes.js';
import { outcome } from './outcome.js';
import { refusal, sendEach, type Slot } from './slots.js';

/** Whether something of a slot goes through the endpoint of tags. */
export function setsTags({ set }: Slot): boolean {
  return ownValue(set, TAGS) !== undefined;
}

/** Changes members one by one, by the ids of their contacts, and then their tags. */
export async function sendSingles(session: Session, slots: readonly Slot[], results: Results, call: CallOptions): Promise<void> {
  const request: BatchRequest<Slot> = {
    send: async ([slot]) => await session.api.send(memberPath(session, slot, { skip_merge_validation: 'true' }), slot?.body, isMember, call, 'PATCH'),
    take: ([slot], body) => {
      const member = body as WireMember;
      session.saw(member);
      if (slot !== undefined) results.set(slot, settled(slot, member));
    },
    refusal,
  };
  await sendEach(
    session,
    slots.filter(({ body }) => Object.keys(body).length > 0),
    request,
    results,
    call,
  );
}

/** What became of a member by an answer that was given before its tags were written. */
export function settled(slot: Slot, member: WireMember): MutationResult {
  const { [TAGS]: _tags, ...set } = slot.set;
  return outcome({ ...slot, set }, member);
}

/**
 * Gives and takes away the tags of members whose other values are written. An answer of 204 says nothing, so that each is read
 * after it.
 */
export async function sendTags(session: Session, slots: readonly Slot[], results: Results, call: CallOptions): Promise<void> {
  const open = slots.filter((slot) => setsTags(slot) && (results.get(slot)?.status ?? 'applied') === 'applied');
  const request: BatchRequest<Slot> = {
    send: async ([slot]) =>
      await session.api.send(memberPath(session, slot, {}, '/tags'), { tags: slot === undefined ? [] : tagsOf(slot) }, () => true, call),
    take: async ([slot]) => {
      if (slot === undefined) return {};
      results.set(slot, { status: 'in_doubt', message: 'Mailchimp reported success, but the member was not read again' });
      const member = await findMember(session, slot.key, wanted(slot.schema), call);
      results.set(slot, member === undefined ? rejection('deleted-later', 'This member no longer exists') : outcome(slot, member));
      return {};
    },
    refusal,
  };
  const before = new Map(open.map((slot) => [slot, results.get(slot)]));
  await sendEach(session, open, request, results, call);
  // The rest of it is written: whoever asked has to look.
  for (const [slot, result] of before)
    if (result !== undefined && results.get(slot)?.status === 'rejected')
      results.set(slot, { status: 'in_doubt', message: `Its tags were refused, and the rest is written: ${messageOf(results.get(slot))}` });
}

function messageOf(result: MutationResult | undefined): string {
  return result !== undefined && 'message' in result ? result.message : '';
}

/** Only the difference: a tag that somebody gave meanwhile stays. */
function tagsOf({ set, expect }: Slot): readonly unknown[] {
  const [to, from] = [set, expect].map((fields) => new Set(setElements(ownValue(fields ?? {}, TAGS)) ?? []));
  const gone = [...(from ?? [])].filter((name) => to?.has(name) !== true);
  return [...[...(to ?? [])].map((name) => ({ name, status: 'active' })), ...gone.map((name) => ({ name, status: 'inactive' }))];
}

function memberPath({ audience }: Session, slot: Slot | undefined, query: Readonly<Record<string, string>>, below = ''): string {
  return listPath(audience, `/members/${encodeURIComponent(slot?.key ?? '')}${below}`, query);
}
