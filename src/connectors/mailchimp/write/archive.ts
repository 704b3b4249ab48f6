import type { CallOptions } from '../../../lib/index.js';
import type { DeleteMutation, MutationResult } from '../../connector.js';
import { isSuccess } from '../../http/api.js';
import { type BatchRequest, type Place, rejection, settling } from '../../http/batch.js';
import { findMember, isKey } from '../read/keys.js';
import type { Session } from '../read/session.js';
import { listPath } from '../wire/api.js';
import { refusalOf } from '../wire/problem.js';
import { ARCHIVED, isMember } from '../wire/shapes.js';
import { sendEach } from './slots.js';

/** Who was asked to confirm cannot be archived; who is unsubscribed can. */
const ASKED = 'pending';
const OUT = 'unsubscribed';

interface Slot extends Place {
  readonly key: string;
}

/** Archives members, one by one, and looks whether they are there. Nobody is deleted permanently by runback. */
export async function archiveMembers(session: Session, mutations: readonly DeleteMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(session.api, mutations.length, async (results) => {
    const slots = mutations.flatMap(({ key }, index): Slot[] => {
      if (!isKey(key)) results.set({ index }, rejection('deleted-later', `There is no member ${key}`));
      return isKey(key) ? [{ index, key }] : [];
    });
    const statusOf = async (key: string): Promise<string | undefined> => (await findMember(session, key, 'contact_id,status', call))?.status;
    const request: BatchRequest<Slot> = {
      send: async ([slot]) => {
        const path = listPath(session.audience, `/members/${encodeURIComponent(slot?.key ?? '')}`);
        const result = await session.api.send(path, undefined, () => true, call, 'DELETE');
        if (result.kind !== 'answered' || result.status !== 405) return result;
        const status = await statusOf(slot?.key ?? '');
        // Who is in the archive cannot be archived: then it is done.
        if (status === ARCHIVED) return { ...result, status: 204 };
        if (status !== ASKED) return result;
        const out = await session.api.send(path, { status: OUT }, isMember, call, 'PATCH');
        return isSuccess(out) ? await session.api.send(path, undefined, () => true, call, 'DELETE') : out;
      },
      take: async ([slot]) => {
        if (slot === undefined) return {};
        results.set(slot, { status: 'in_doubt', message: 'Mailchimp reported success, but the member was not read again' });
        const status = await statusOf(slot.key);
        const isGone = status === undefined || status === ARCHIVED;
        results.set(
          slot,
          isGone ? { status: 'applied', key: slot.key } : { status: 'failed', message: `Mailchimp reported success, and the member is ${status}` },
        );
        return {};
      },
      refusal: (_, answer) => refusalOf(answer, []),
    };
    await sendEach(session, slots, request, results, call);
  });
}
