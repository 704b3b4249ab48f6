import { type CallOptions, chunksOf } from '../../../lib/index.js';
import { ownValue } from '../../../records/index.js';
import type { CreatedLookup, CreateMutation } from '../../connector.js';
import { Results } from '../../http/batch.js';
import { ADDRESS } from '../describe/fields.js';
import { findByAddress } from '../read/keys.js';
import { memberRecord, wanted } from '../read/record.js';
import type { Session } from '../read/session.js';
import { ARCHIVED, textIn } from '../wire/shapes.js';
import { differing } from './outcome.js';
import { type Slot, slotsOf } from './slots.js';

/** How far apart the clocks of Mailchimp's own machines may be. */
const CLOCKS_APART_MS = 5 * 60_000;

/**
 * What became of creates whose answer was lost: an address is one member. One that has not changed since then was there before, and
 * the create was refused.
 */
export async function findCreated(
  session: Session,
  mutations: readonly CreateMutation[],
  since: Date,
  call: CallOptions,
): Promise<readonly CreatedLookup[]> {
  const found: CreatedLookup[] = mutations.map(() => ({ state: 'absent' }));
  const slots = slotsOf(session, mutations, new Results(mutations.length));
  for (const some of chunksOf(slots, session.api.atOnce)) {
    const lookups = await Promise.all(some.map(async (slot) => await lookUp(session, slot, since, call)));
    for (const [n, slot] of some.entries()) found[slot.index] = lookups[n] ?? { state: 'unknown' };
  }
  return found;
}

async function lookUp(session: Session, { schema, set }: Slot, since: Date, call: CallOptions): Promise<CreatedLookup> {
  const address = ownValue(set, ADDRESS);
  if (typeof address !== 'string') return { state: 'absent' };
  const member = await findByAddress(session, address, `${wanted(schema)},last_changed`, call);
  if (member === undefined || member.status === ARCHIVED) return { state: 'absent' };
  if (Date.parse(textIn(member, 'last_changed') ?? '') < since.getTime() - CLOCKS_APART_MS) return { state: 'absent' };
  const isWhole = differing(schema, set, memberRecord(schema, member)).length === 0;
  return isWhole ? { state: 'created', key: member.contact_id } : { state: 'unknown' };
}
