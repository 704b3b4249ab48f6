import { type CallOptions, chunksOf } from '../../../lib/index.js';
import { rejection, type Results } from '../../http/batch.js';
import { ADDRESS } from '../describe/fields.js';
import { findByAddress } from '../read/keys.js';
import { memberRecord, wanted } from '../read/record.js';
import type { Session } from '../read/session.js';
import { ARCHIVED } from '../wire/shapes.js';
import type { ManySlot } from './many.js';
import type { Slot } from './slots.js';

/**
 * Creates whose address the audience has already: those of whom it is in the archive, as changes of the contacts that they are; the
 * others keep the result that the address is taken. Nothing was done for any of them yet.
 */
export async function fromArchive(session: Session, slots: readonly ManySlot[], results: Results, call: CallOptions): Promise<readonly Slot[]> {
  const back: Slot[] = [];
  for (const some of chunksOf(slots, session.api.atOnce)) {
    for (const slot of some) results.set(slot, { status: 'failed', message: 'It was not looked up who has the address' });
    const members = await Promise.all(some.map(async ({ address, schema }) => await findByAddress(session, address, wanted(schema), call)));
    for (const [n, { address: _address, ...slot }] of some.entries()) {
      const member = members[n];
      if (member?.status !== ARCHIVED) {
        results.set(slot, rejection('unique-taken', `Member ${member?.contact_id ?? 'unknown'} has this address`, undefined, [ADDRESS]));
        continue;
      }
      const { [ADDRESS]: _same, ...body } = slot.body;
      back.push({ ...slot, key: member.contact_id, body, expect: memberRecord(slot.schema, member).fields });
    }
  }
  return back;
}
