import { type CallOptions, chunksOf } from '../../../lib/index.js';
import { ownValue } from '../../../records/index.js';
import type { CreateMutation, MutationResult } from '../../connector.js';
import { type BatchRequest, rejection, type Results, settling } from '../../http/batch.js';
import { ADDRESS, PERMISSIONS, STATUS, TAGS } from '../describe/fields.js';
import type { Session } from '../read/session.js';
import { listPath } from '../wire/api.js';
import { isMember, type WireMember } from '../wire/shapes.js';
import { type Body, filledOnly } from './body.js';
import { isThere, type ManySlot, MOST, refusedAs, sendMany } from './many.js';
import { outcome } from './outcome.js';
import { fromArchive } from './return.js';
import { sendSingles, sendTags } from './single.js';
import { refusal, sendEach, slotsOf } from './slots.js';

/**
 * Makes members in batches that change nobody who is there: an address is one member, so that none is made twice. Who is in the
 * archive comes back from there, as the same contact.
 */
export async function createMembers(session: Session, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(session.api, mutations.length, async (results) => {
    const slots = newOnes(session, mutations, results);
    // A batch knows no permissions.
    const [alone, together] = [slots.filter(asksMore), slots.filter((slot) => !asksMore(slot))];
    const there: ManySlot[] = [];
    const applied = (slot: ManySlot, member: WireMember): void => {
      session.saw(member);
      results.set(slot, outcome({ schema: slot.schema, set: slot.set }, member));
    };
    for (const some of chunksOf(together, MOST)) {
      const sent = some.map((slot) => ({ ...slot, body: newBody(slot) }));
      await sendMany(session, sent, false, tellNew(some, there, applied, results), results, call);
    }
    await sendAlone(session, alone, there, applied, results, call);
    const back = await fromArchive(session, there, results, call);
    await sendSingles(session, back, results, call);
    await sendTags(session, back, results, call);
  });
}

/** Those that have what every member needs. An address is told once in an answer, so that it is sent once: of two that have it, the first. */
function newOnes(session: Session, mutations: readonly CreateMutation[], results: Results): readonly ManySlot[] {
  const taken = new Set<string>();
  return slotsOf(session, mutations, results).flatMap((slot): ManySlot[] => {
    const address = ownValue(slot.set, ADDRESS);
    if (typeof address === 'string') {
      const form = address.trim().toLowerCase();
      if (taken.has(form)) {
        results.set(slot, rejection('unique-taken', 'Another new member of the same batch already has this address', undefined, [ADDRESS]));
        return [];
      }
      taken.add(form);
    }
    const lacks = [ADDRESS, STATUS].filter((name) => typeof ownValue(slot.set, name) !== 'string');
    if (typeof address === 'string' && lacks.length === 0) return [{ ...slot, address }];
    results.set(slot, rejection('rejected', `A member cannot be made without ${lacks.join(' and ')}`, undefined, lacks));
    return [];
  });
}

function asksMore({ set }: Pick<ManySlot, 'set'>): boolean {
  const given = ownValue(set, PERMISSIONS);
  return Array.isArray(given) && given.length > 0;
}

/** With its tags: those of somebody new go with it. */
function newBody({ body, set }: ManySlot): Body {
  const { [PERMISSIONS]: permissions, ...rest } = filledOnly(body);
  const tags = ownValue(set, TAGS);
  return {
    ...rest,
    ...(asksMore({ set }) && { [PERMISSIONS]: permissions }),
    ...(Array.isArray(tags) && tags.length > 0 && { tags }),
  };
}

function tellNew(
  slots: readonly ManySlot[],
  there: ManySlot[],
  applied: (slot: ManySlot, member: WireMember) => void,
  results: Results,
): Parameters<typeof sendMany>[3] {
  const whole = new Map(slots.map((slot) => [slot.index, slot]));
  return (sent, told) => {
    const slot = whole.get(sent.index) ?? sent;
    if (told.is !== 'error') applied(slot, told.member);
    else {
      results.set(slot, refusedAs(slot, told.error));
      if (isThere(told.error)) there.push(slot);
    }
  };
}

async function sendAlone(
  session: Session,
  slots: readonly ManySlot[],
  there: ManySlot[],
  applied: (slot: ManySlot, member: WireMember) => void,
  results: Results,
  call: CallOptions,
): Promise<void> {
  const path = listPath(session.audience, '/members', { skip_merge_validation: 'true' });
  const request: BatchRequest<ManySlot> = {
    send: async ([slot]) => await session.api.send(path, slot === undefined ? {} : newBody(slot), isMember, call),
    take: ([slot], body) => {
      if (slot !== undefined) applied(slot, body as WireMember);
    },
    refusal: (slot, answer) => {
      const why = refusal(slot, answer);
      if (why.reason === 'unique-taken') there.push(slot);
      return why;
    },
  };
  await sendEach(session, slots, request, results, call);
}
