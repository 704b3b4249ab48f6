import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { MutationResult, UpdateMutation } from '../../connector.js';
import { rejection, type Results, settling } from '../../http/batch.js';
import { ADDRESS, PERMISSIONS } from '../describe/fields.js';
import { isKey } from '../read/keys.js';
import type { Session } from '../read/session.js';
import { listPath } from '../wire/api.js';
import { type ManySlot, MOST, refusedAs, sendMany, type Told } from './many.js';
import { sendSingles, sendTags, settled } from './single.js';
import { type Slot, slotsOf } from './slots.js';

/**
 * Changes members: those whose address is known from just before in batches, the others one by one; what a batch cannot say, too.
 * No status is written but one that is to be changed.
 */
export async function updateMembers(session: Session, mutations: readonly UpdateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(session.api, mutations.length, async (results) => {
    const slots = slotsOf(session, mutations, results).filter((slot) => {
      if (!isKey(slot.key)) results.set(slot, rejection('deleted-later', `There is no member ${slot.key}`));
      return isKey(slot.key);
    });
    const many = manyOf(session, slots);
    const batched = new Set<number>(many.map(({ index }) => index));
    for (const some of chunksOf(many, MOST)) await sendMany(session, some, true, updateSettler(session, results, call), results, call);
    await sendSingles(
      session,
      slots.filter(({ index }) => !batched.has(index)),
      results,
      call,
    );
    await sendTags(session, slots, results, call);
  });
}

/** Slots that one batch can say. One alone is as cheap by itself, and surer. */
function manyOf(session: Session, slots: readonly Slot[]): readonly ManySlot[] {
  const many = slots.flatMap((slot): ManySlot[] => {
    const address = session.addressOf(slot.key);
    const isPlain = Object.keys(slot.body).length > 0 && !Object.hasOwn(slot.body, ADDRESS) && !Object.hasOwn(slot.body, PERMISSIONS);
    return address !== undefined && isPlain ? [{ ...slot, address }] : [];
  });
  return many.length > 1 ? many : [];
}

function updateSettler(session: Session, results: Results, call: CallOptions): (slot: ManySlot, told: Told) => Promise<void> {
  return async (slot, told) => {
    if (told.is === 'error') results.set(slot, refusedAs(slot, told.error));
    else if (told.is === 'updated' && told.member.contact_id === slot.key) {
      session.saw(told.member);
      results.set(slot, settled(slot, told.member));
    } else results.set(slot, await strayed(session, told, call));
  };
}

/** The address was that of somebody else by then, or of nobody: whom the batch made by it is archived at once. */
async function strayed({ api, audience }: Session, told: Told, call: CallOptions): Promise<MutationResult> {
  const message = 'Its address changed just before it was written';
  if (told.is !== 'new') return { status: 'in_doubt', message };
  const path = listPath(audience, `/members/${encodeURIComponent(told.member.contact_id)}`);
  const result = await api.send(path, undefined, () => true, call.reporter ? { reporter: call.reporter } : {}, 'DELETE');
  const isGone = result.kind === 'answered' && result.status === 204;
  return isGone ? rejection('deleted-later', message) : { status: 'in_doubt', message: `${message}, and ${told.member.contact_id} was made by it` };
}
