import type { CallOptions } from '../../../lib/index.js';
import type { LinkMutation, MutationResult } from '../../connector.js';
import { type Results, settling } from '../../http/batch.js';
import { typeOfKind } from '../describe/link-kinds.js';
import { readLinks } from '../read/links.js';
import type { HubSpotApi } from '../wire/api.js';
import { reasonIn } from '../wire/errors.js';
import { errorsOf, isPairPage, type WireError, type WirePage, type WirePair } from '../wire/shapes.js';
import { troubleIn } from '../wire/trouble.js';
import { type BatchRequest, type Open, sendBatch, type Slot } from './batch.js';
import { allAlike, resultOf } from './writing.js';

/** HubSpot's words for a kind of link that it does not have (any more). */
const WRONG_TYPE = /association ?type/i;
/** Most pairs of one association request. */
export const LINK_WRITE_BATCH = 2000;

/**
 * Adds or removes up to 2000 links of one kind. An answer of HubSpot about links names no input that went wrong: pairs
 * it shows are believed, all others are read back. Removing an unlabelled kind removes the labelled ones of that pair
 * too.
 */
export async function writeLinks(api: HubSpotApi, mutations: readonly LinkMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const [first] = mutations;
    if (!first) return;
    const { link, action } = first;
    const types = [typeOfKind(link.kind)];
    const request: BatchRequest<LinkMutation> = {
      path: `/crm/v4/associations/${encodeURIComponent(link.from)}/${encodeURIComponent(link.to)}/batch/${action === 'link' ? 'create' : 'labels/archive'}`,
      input: ({ mutation }) => ({ from: { id: mutation.from }, to: { id: mutation.to }, types }),
      valid: isPairPage,
      // All pairs have one type: where it is refused there is no good one among them.
      blame: async (slots, error) => {
        const message = error.message ?? '';
        const gone = WRONG_TYPE.test(message);
        return await Promise.resolve({ refused: new Map(gone ? slots.map((slot) => [slot, { reason: 'field-removed', message }]) : []) });
      },
      refusal: (_slot, error) => ({
        reason: WRONG_TYPE.test(error.message ?? '') ? 'field-removed' : reasonIn(error),
        message: error.message ?? '',
      }),
      take: async (slots, body) => {
        const page = (body ?? { results: [] }) as WirePage<WirePair>;
        const shown = new Set(action === 'link' ? page.results.map((pair) => `${String(pair.fromObjectId)}|${String(pair.toObjectId)}`) : []);
        const open = slots.filter((slot) => {
          if (!shown.has(`${slot.mutation.from}|${slot.mutation.to}`)) return true;
          results.set(slot, applied(slot));
          return false;
        });
        return await settle(api, open, errorsOf(page), results, call);
      },
    };
    await sendBatch(
      api,
      mutations.map((mutation, index) => ({ index, trace: '', mutation })),
      request,
      results,
      call,
    );
  });
}

/** Reads links back and settles what the answer left open; gives back what is worth sending again. */
async function settle(
  api: HubSpotApi,
  slots: readonly Slot<LinkMutation>[],
  errors: readonly WireError[],
  results: Results,
  call: CallOptions,
): Promise<Open<LinkMutation>> {
  const [first] = slots;
  if (!first) return {};
  const { link, action } = first.mutation;
  const present = new Set<string>();
  try {
    const request = { link, fromKeys: [...new Set(slots.map((slot) => slot.mutation.from))] };
    for await (const batch of readLinks(api, request, undefined, call.reporter ? { reporter: call.reporter } : {}))
      for (const pair of batch) present.add(`${pair.from}|${pair.to}`);
  } catch (error) {
    const message = `HubSpot accepted the request, but checking the result failed: ${error instanceof Error ? error.message : String(error)}`;
    for (const slot of slots) results.set(slot, { status: 'in_doubt', message });
    return {};
  }
  const open = slots.filter((slot) => {
    if (present.has(`${slot.mutation.from}|${slot.mutation.to}`) !== (action === 'link')) return true;
    results.set(slot, applied(slot));
    return false;
  });
  const [error] = errors;
  const troubles = errors.map(troubleIn);
  if (error && troubles.every((trouble) => trouble !== undefined))
    return { later: open, leastMs: Math.max(...troubles.map((trouble) => trouble?.leastMs ?? 0)) };
  if (error && open.length > 1 && !allAlike(errors)) return { again: open };
  for (const slot of open)
    results.set(
      slot,
      error
        ? resultOf(error)
        : { status: 'failed', message: `HubSpot reported success, but the link is ${action === 'link' ? 'not there' : 'still there'}` },
    );
  return {};
}

function applied(slot: Slot<LinkMutation>): MutationResult {
  return { status: 'applied', key: slot.mutation.from };
}
