import { type CallOptions, chunksOf, defined, inOrder } from '../../../lib/index.js';
import { REQUESTS_AT_ONCE } from '../../http/api.js';
import { Cursors } from '../../http/cursors.js';
import { askWhole, demandWhole, type Question, type Said } from '../../http/whole.js';
import { kindOf } from '../describe/link-kinds.js';
import { type HubSpotApi, isRefusal, isSuccess } from '../wire/api.js';
import {
  cursorOf,
  isAssociationsPage,
  isNeighbourPage,
  isPartial,
  type WireAssociations,
  type WireNeighbour,
  type WirePage,
} from '../wire/shapes.js';
import { complaintsIn, verdictOf } from '../wire/whole.js';
import { isNoRecord } from './read.js';

/** Records an association batch read takes. */
export const LINK_READ_BATCH = 1000;

/** What one record is tied to, or a part of it where that is much. */
export interface Ties {
  readonly id: string;
  /** Ids of the records at the other end. */
  readonly others: readonly (number | string)[];
  /** For each of them, the kinds of link; the same list wherever they are the same. */
  readonly kinds: readonly (readonly string[])[];
  /** Where the rest of it begins. */
  readonly after?: string;
}

/**
 * Everything tied to the given records, which come in pieces of at most {@link LINK_READ_BATCH}, each once; a record
 * with many ties comes in several entries. Throws `platform-incomplete`.
 */
export async function* associations(
  api: HubSpotApi,
  from: string,
  to: string,
  pieces: Iterable<readonly string[]>,
  call: CallOptions,
): AsyncGenerator<Ties> {
  const cursors = new Cursors(api);
  const gather = tiesMaker();
  let open = pieces;
  let places: ReadonlyMap<string, string> = new Map();
  for (let done = 0; ;) {
    const further = new Map<string, string>();
    const asked = { from, to, places, gather };
    for await (const entries of inOrder(open, REQUESTS_AT_ONCE, async (ids) => await askTies(api, asked, ids, call))) {
      for (const entry of entries) {
        done += entry.others.length;
        yield entry;
        const { id, after } = entry;
        if (after === undefined) continue;
        cursors.next(`${id} after ${after}`);
        further.set(id, after);
      }
      call.reporter?.progress({ task: `Reading links ${from} to ${to}`, done, unit: 'links' });
    }
    if (further.size === 0) return;
    open = chunksOf([...further.keys()], LINK_READ_BATCH);
    places = further;
  }
}

/** What is asked of each of many records. */
interface AskedTies {
  readonly from: string;
  readonly to: string;
  /** Where to go on, by record; those that are not in here are asked for from the beginning. */
  readonly places: ReadonlyMap<string, string>;
  readonly gather: (wire: WireAssociations) => Ties;
}

/**
 * Makes ties of what HubSpot writes. An answer about a thousand records is large: it is not kept until its turn comes.
 */
function tiesMaker(): (wire: WireAssociations) => Ties {
  const known = new Map<string, readonly string[]>();
  return (wire) => {
    const after = cursorOf(wire);
    const kinds = wire.to.map((other) => {
      const list = other.associationTypes.map(kindOf);
      const name = list.join(' ');
      const same = known.get(name) ?? list;
      if (same === list) known.set(name, list);
      return same;
    });
    return { id: wire.from.id, others: wire.to.map((other) => other.toObjectId), kinds, ...defined({ after }) };
  };
}

/** Answers for all of the given records: each has ties, or HubSpot says that it has none. */
async function askTies(api: HubSpotApi, asked: AskedTies, keys: readonly string[], call: CallOptions): Promise<readonly Ties[]> {
  const { from, to, places, gather } = asked;
  const path = `/crm/v4/associations/${encodeURIComponent(from)}/${encodeURIComponent(to)}/batch/read`;
  const question: Question<Ties> = {
    size: LINK_READ_BATCH,
    ask: async (ids) => {
      const inputs = ids.map((id) => ({ id, ...defined({ after: places.get(id) }) }));
      const page = (await api.ask(path, { inputs }, isAssociationsPage, call)) as WirePage<WireAssociations>;
      return saidOf(ids, page, gather);
    },
    otherwise: async (id) => await tiesOf(api, asked, id, call),
  };
  const whole = await askWhole(api, question, keys, call);
  return demandWhole(api, whole, `${from} when it was asked for their links to ${to}`, keys.length);
}

function saidOf(ids: readonly string[], page: WirePage<WireAssociations>, gather: (wire: WireAssociations) => Ties): Said<Ties> {
  const { none, partly, unnamed, clean } = verdictOf(ids, page);
  const open = new Set(ids);
  const found = page.results.filter((entry) => open.has(entry.from.id) && !partly.has(entry.from.id));
  // A record that was merged away is answered for by the one that it is now.
  const moved = ids.length === 1 && clean && page.results.length > 0 ? ids : [];
  const settled = [...found.map((entry) => entry.from.id), ...none, ...moved];
  for (const id of settled) open.delete(id);
  // Of records without ties HubSpot gives an error each: where all are settled, they say nothing more.
  const errors = open.size === 0 ? [] : complaintsIn(page);
  return { found: found.map(gather), settled, errors, alone: found.length < page.results.length || unnamed };
}

/** The ties of one record, asked for in the other way that HubSpot has. */
async function tiesOf(api: HubSpotApi, { from, to, places, gather }: AskedTies, id: string, call: CallOptions): Promise<Said<Ties>> {
  const after = places.get(id);
  const query = `?limit=500${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
  const path = `/crm/v4/objects/${encodeURIComponent(from)}/${encodeURIComponent(id)}/associations/${encodeURIComponent(to)}${query}`;
  const result = await api.look('GET', path, undefined, call);
  if (isRefusal(result, 404) && isNoRecord(result.body)) return { found: [], settled: [id], errors: [] };
  if (isRefusal(result, 400, 404)) return { found: [], settled: [], errors: [] };
  if (!isSuccess(result)) throw api.failure(result);
  if (!isNeighbourPage(result.body)) return { found: [], settled: [], errors: [] };
  const page = result.body as WirePage<WireNeighbour>;
  if (isPartial(page)) return { found: [], settled: [], errors: complaintsIn(page) };
  return { found: [gather({ from: { id }, to: page.results, ...(page.paging ? { paging: page.paging } : {}) })], settled: [id], errors: [] };
}
