import { type CallOptions, chunksOf, inOrder, sha256 } from '../../lib/index.js';
import type { Link, LinkSchema } from '../../records/index.js';
import type { ReadLinksRequest } from '../connector.js';
import { REQUESTS_AT_ONCE } from '../http/api.js';
import { Cursors } from '../http/cursors.js';
import { askWhole, demandWhole, incomplete, type Question, type Said } from '../http/whole.js';
import { type HubSpotApi, isRefusal, isSuccess } from './api.js';
import { isListed, kindsOf } from './kinds.js';
import { isNoRecord, readKeys } from './read.js';
import { kindOf, kindsListed } from './schema.js';
import { complaints, namesNone, noneOf, troubled } from './whole.js';
import {
  cursorOf,
  errorsOf,
  isAssociationsPage,
  isNeighbourPage,
  isPartial,
  type WireAssociations,
  type WireNeighbour,
  type WirePage,
} from './wire.js';

/** Records an association batch read takes. */
export const LINK_READ_BATCH = 1000;
const YIELD = 2000;

/** Links of one kind in both of their ends, as numbers: ids fit, and a million links stay small. */
interface PairList {
  readonly from: number[];
  readonly to: number[];
}

/** One pair of records and what ties them, seen from the `from` side of the link schema. */
interface Tie {
  readonly from: string;
  readonly to: string;
  readonly kinds: readonly string[];
}

/**
 * What may be shared between reads that belong together (between `beginRead` and `endRead`): keys seen in whole reads, and the
 * kinds of link that came along in an answer that was asked for because of another kind.
 */
export class ReadSession {
  /** Keys of whole objects that were read, by object type. */
  readonly keys = new Map<string, readonly string[]>();
  readonly pairs = new Map<string, Map<string, PairList>>();
  /** Answers about given records of a pair of one object type: the same request tells of both ends of such links. */
  readonly answers = new Map<string, readonly WireAssociations[]>();
}

/** Reads links of one kind; see `Connector.readLinks`. An answer holds all kinds of a pair: within a session it is asked for once. */
export async function* readLinks(
  api: HubSpotApi,
  request: ReadLinksRequest,
  session: ReadSession | undefined,
  call: CallOptions,
): AsyncGenerator<readonly Link[]> {
  const { link } = request;
  if (!session) {
    yield* inPieces(linksOf(ties(api, request, undefined, call), link.kind));
    return;
  }
  const id = [link.from, link.to, digest(request.fromKeys), digest(request.toKeys)].join('|');
  let kinds = session.pairs.get(id);
  if (!kinds) {
    kinds = new Map<string, PairList>();
    for await (const tie of ties(api, request, session, call)) {
      for (const kind of tie.kinds) {
        const list = kinds.get(kind) ?? { from: [], to: [] };
        list.from.push(Number(tie.from));
        list.to.push(Number(tie.to));
        kinds.set(kind, list);
      }
    }
    if (request.fromKeys === undefined && request.toKeys === undefined) checkListed(api, link, kinds);
    session.pairs.set(id, kinds);
  }
  const list = kinds.get(link.kind);
  if (!list) return;
  for (let i = 0; i < list.from.length; i += YIELD) {
    const to = list.to.slice(i, i + YIELD);
    yield list.from.slice(i, i + YIELD).map((from, n) => ({ from: String(from), to: String(to[n]) }));
  }
}

/**
 * A whole read that meets a label which HubSpot did not list would leave its links out, since nobody asks for them. Of HubSpot's own kinds
 * those count that it is known to list.
 */
function checkListed(api: HubSpotApi, link: LinkSchema, kinds: ReadonlyMap<string, PairList>): void {
  const listed = kindsListed(api, link);
  const unknown =
    listed === undefined ? [] : [...kinds.keys()].filter((kind) => (kind.startsWith('USER_DEFINED') || isListed(link, kind)) && !listed.has(kind));
  if (unknown.length > 0)
    throw incomplete(api, `labels of links between ${link.from} and ${link.to} when it listed them`, `It has links of ${unknown.join(', ')}.`);
}

function digest(keys: readonly string[] | undefined): string {
  return keys === undefined ? '-' : sha256(keys.join('\n'));
}

async function* linksOf(all: AsyncIterable<Tie>, kind: string): AsyncGenerator<Link> {
  for await (const tie of all) if (tie.kinds.includes(kind)) yield { from: tie.from, to: tie.to };
}

async function* inPieces(links: AsyncIterable<Link>): AsyncGenerator<readonly Link[]> {
  let piece: Link[] = [];
  for await (const link of links) {
    if (piece.push(link) < YIELD) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** All ties of the asked records, each pair once, read from the side that costs fewer requests. */
async function* ties(api: HubSpotApi, request: ReadLinksRequest, session: ReadSession | undefined, call: CallOptions): AsyncGenerator<Tie> {
  const { link, fromKeys, toKeys } = request;
  if (fromKeys === undefined && toKeys === undefined) {
    yield* allTies(api, link, session, call);
    return;
  }
  const asked = new Set(fromKeys);
  const ask = session && link.from === link.to ? shared(session) : associations;
  if (fromKeys && fromKeys.length > 0) yield* forward(api, link, [...asked], call, ask);
  if (!toKeys || toKeys.length === 0) return;
  for await (const tie of backward(api, link, [...new Set(toKeys)], call, ask)) if (!asked.has(tie.from)) yield tie;
}

/** Asks each question once within a session. */
function shared(session: ReadSession): typeof associations {
  return async function* ask(api, from, to, keys, call) {
    const id = [from, to, digest(keys)].join('|');
    let answer = session.answers.get(id);
    if (!answer) {
      const entries: WireAssociations[] = [];
      for await (const entry of associations(api, from, to, keys, call)) entries.push(entry);
      session.answers.set(id, (answer = entries));
    }
    yield* answer;
  };
}

async function* allTies(api: HubSpotApi, link: LinkSchema, session: ReadSession | undefined, call: CallOptions): AsyncGenerator<Tie> {
  const from = session?.keys.get(link.from);
  const to = session?.keys.get(link.to);
  // One request more than the batches: to learn the numbers of labels, see `backward`.
  if (to && link.from !== link.to && (!from || batches(to) + 1 < batches(from))) {
    yield* backward(api, link, to, call);
    return;
  }
  if (from) {
    yield* forward(api, link, from, call);
    return;
  }
  let gathered: string[] = [];
  for await (const keys of readKeys(api, link.from, call)) {
    gathered.push(...keys);
    if (gathered.length < LINK_READ_BATCH) continue;
    yield* forward(api, link, gathered.slice(0, LINK_READ_BATCH), call);
    gathered = gathered.slice(LINK_READ_BATCH);
  }
  yield* forward(api, link, gathered, call);
}

async function* forward(
  api: HubSpotApi,
  link: LinkSchema,
  keys: readonly string[],
  call: CallOptions,
  ask: typeof associations = associations,
): AsyncGenerator<Tie> {
  for await (const entry of ask(api, link.from, link.to, keys, call))
    for (const other of entry.to) yield { from: entry.from.id, to: String(other.toObjectId), kinds: other.associationTypes.map(kindOf) };
}

/**
 * Ties read from the `to` side. HubSpot numbers a kind of link differently in its two directions, and tells nowhere which numbers
 * belong together: ties of a kind whose other number is not known yet are looked at from the `from` side as well, which
 * teaches the numbers.
 */
async function* backward(
  api: HubSpotApi,
  link: LinkSchema,
  keys: readonly string[],
  call: CallOptions,
  ask: typeof associations = associations,
): AsyncGenerator<Tie> {
  const kinds = kindsOf(api, link);
  let open: Tie[] = [];
  for await (const entry of ask(api, link.to, link.from, keys, call)) {
    for (const other of entry.to) {
      const tie = { from: String(other.toObjectId), to: entry.from.id, kinds: other.associationTypes.map(kindOf) };
      const turned = kinds.turn(tie.kinds);
      if (turned) yield { ...tie, kinds: turned };
      else open.push(tie);
    }
  }
  while (open.length > 0) {
    const looked = new Set([...new Set(open.map((tie) => tie.from))].slice(0, LINK_READ_BATCH));
    const pairs = new Map(open.filter((tie) => looked.has(tie.from)).map((tie) => [`${tie.from}|${tie.to}`, tie]));
    for await (const tie of forward(api, link, [...looked], call)) {
      const seen = pairs.get(`${tie.from}|${tie.to}`);
      if (!seen) continue;
      kinds.learn(seen.kinds, tie.kinds);
      yield tie;
    }
    const rest: Tie[] = [];
    for (const tie of open) {
      if (looked.has(tie.from)) continue;
      const turned = kinds.turn(tie.kinds);
      if (turned) yield { ...tie, kinds: turned };
      else rest.push(tie);
    }
    open = rest;
  }
}

function batches(keys: readonly string[]): number {
  return Math.ceil(keys.length / LINK_READ_BATCH);
}

/** Everything tied to the given records; a record with many ties comes in several entries. Throws `platform-incomplete`. */
async function* associations(
  api: HubSpotApi,
  from: string,
  to: string,
  keys: readonly string[],
  call: CallOptions,
): AsyncGenerator<WireAssociations> {
  const cursors = new Cursors(api);
  let open: readonly Asked[] = [...new Set(keys)].map((id) => ({ id }));
  let done = 0;
  while (open.length > 0) {
    const further: Asked[] = [];
    const answers = inOrder(chunksOf(open, LINK_READ_BATCH), REQUESTS_AT_ONCE, async (inputs) => await askTies(api, from, to, inputs, call));
    for await (const entries of answers) {
      for (const entry of entries) {
        done += entry.to.length;
        yield entry;
        const after = cursorOf(entry);
        if (after === undefined) continue;
        cursors.next(`${entry.from.id} after ${after}`);
        further.push({ id: entry.from.id, after });
      }
      call.reporter?.progress({ task: `Reading links ${from} to ${to}`, done, unit: 'links' });
    }
    open = further;
  }
}

/** A record whose ties are asked for, from a cursor on. */
interface Asked {
  readonly id: string;
  readonly after?: string;
}

/** Answers for all of the given records: each has ties, or HubSpot says that it has none. */
async function askTies(api: HubSpotApi, from: string, to: string, inputs: readonly Asked[], call: CallOptions): Promise<readonly WireAssociations[]> {
  const path = `/crm/v4/associations/${encodeURIComponent(from)}/${encodeURIComponent(to)}/batch/read`;
  const byId = new Map(inputs.map((input) => [input.id, input]));
  const question: Question<WireAssociations> = {
    size: LINK_READ_BATCH,
    ask: async (ids) => {
      const body = { inputs: ids.map((id) => byId.get(id) ?? { id }) };
      const page = (await api.ask(path, body, isAssociationsPage, call)) as WirePage<WireAssociations>;
      const errors = errorsOf(page);
      const asked = new Set(ids);
      const partly = troubled(errors);
      const found = page.results.filter((entry) => asked.has(entry.from.id) && !partly.has(entry.from.id));
      // A record that was merged away is answered for by the one that it is now.
      const moved = ids.length === 1 && errors.length === 0 && page.results.length > 0 ? ids : [];
      const settled = [...found.map((entry) => entry.from.id), ...noneOf(ids, errors), ...moved];
      return { found, settled, errors: complaints(errors), alone: found.length < page.results.length || namesNone(errors) };
    },
    otherwise: async (id) => await tiesOf(api, from, to, byId.get(id) ?? { id }, call),
  };
  const whole = await askWhole(api, question, [...byId.keys()], call);
  return demandWhole(api, whole, `${from} when it was asked for their links to ${to}`, byId.size);
}

/** The ties of one record, asked for in the other way that HubSpot has. */
async function tiesOf(api: HubSpotApi, from: string, to: string, { id, after }: Asked, call: CallOptions): Promise<Said<WireAssociations>> {
  const query = `?limit=500${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
  const path = `/crm/v4/objects/${encodeURIComponent(from)}/${encodeURIComponent(id)}/associations/${encodeURIComponent(to)}${query}`;
  const result = await api.look('GET', path, undefined, call);
  if (isRefusal(result, 404) && isNoRecord(result.body)) return { found: [], settled: [id], errors: [] };
  if (isRefusal(result, 400, 404)) return { found: [], settled: [], errors: [] };
  if (!isSuccess(result)) throw api.failure(result);
  if (!isNeighbourPage(result.body)) return { found: [], settled: [], errors: [] };
  const page = result.body as WirePage<WireNeighbour>;
  if (isPartial(page)) return { found: [], settled: [], errors: complaints(errorsOf(page)) };
  return { found: [{ from: { id }, to: page.results, ...(page.paging ? { paging: page.paging } : {}) }], settled: [id], errors: [] };
}
