import { type CallOptions, chunksOf, sha256 } from '../../../lib/index.js';
import type { Link, LinkSchema } from '../../../records/index.js';
import type { ReadLinksRequest } from '../../connector.js';
import { incomplete } from '../../http/whole.js';
import { kindsListed } from '../describe/link-kinds.js';
import type { HubSpotApi } from '../wire/api.js';
import { associations, LINK_READ_BATCH, type Ties } from './associations.js';
import { KeyList } from './key-list.js';
import { isListed, kindsOf } from './kinds.js';
import { PairList } from './pair-list.js';
import { readKeys } from './read.js';

const YIELD = 2000;

/** One pair of records and what ties them, seen from the `from` side of the link schema. */
interface Tie {
  readonly from: string;
  readonly to: string;
  readonly kinds: readonly string[];
}

/**
 * What may be shared between reads that belong together (between `beginRead` and `endRead`): keys seen in whole reads,
 * and the kinds of link that came along in an answer that was asked for because of another kind.
 */
export class ReadSession {
  /** Keys of whole objects that were read, by object type. */
  readonly keys = new Map<string, KeyList>();
  readonly pairs = new Map<string, Pairs>();
  /** Answers about given records of a pair of one object type: the same request tells of both ends of such links. */
  readonly answers = new Map<string, readonly Ties[]>();
}

/** What came of one pair of object types. */
interface Pairs {
  readonly kinds: Map<string, PairList>;
  /** Kinds that were given, and are no longer kept. */
  readonly given: Set<string>;
}

/**
 * Reads links of one kind; see `Connector.readLinks`. An answer holds all kinds of a pair: within a session it is asked
 * for once. Those of all records are many: each kind is kept until it is given, and who wants it again asks anew.
 */
export async function* readLinks(
  api: HubSpotApi,
  request: ReadLinksRequest,
  session: ReadSession | undefined,
  call: CallOptions,
): AsyncGenerator<readonly Link[]> {
  const { link } = request;
  if (!session) {
    yield* linksOf(ties(api, request, undefined, call), link.kind);
    return;
  }
  const id = [link.from, link.to, digest(request.fromKeys), digest(request.toKeys)].join('|');
  const whole = request.fromKeys === undefined && request.toKeys === undefined;
  let pairs = session.pairs.get(id);
  if (pairs === undefined || pairs.given.has(link.kind)) {
    pairs = { kinds: await byKind(ties(api, request, session, call)), given: new Set() };
    if (whole) checkListed(api, link, pairs.kinds);
    session.pairs.set(id, pairs);
  }
  yield* pairs.kinds.get(link.kind)?.pieces(YIELD) ?? [];
  if (!whole) return;
  pairs.kinds.delete(link.kind);
  pairs.given.add(link.kind);
}

async function byKind(all: AsyncIterable<readonly Tie[]>): Promise<Map<string, PairList>> {
  const kinds = new Map<string, PairList>();
  for await (const some of all)
    for (const { from, to, kinds: its } of some)
      for (const kind of its) {
        let list = kinds.get(kind);
        if (list === undefined) kinds.set(kind, (list = new PairList()));
        list.add(from, to);
      }
  return kinds;
}

/**
 * A whole read that meets a label which HubSpot did not list would leave its links out, since nobody asks for them. Of
 * HubSpot's own kinds those count that it is known to list.
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

async function* linksOf(all: AsyncIterable<readonly Tie[]>, kind: string): AsyncGenerator<readonly Link[]> {
  let piece: Link[] = [];
  for await (const some of all)
    for (const { from, to, kinds } of some) {
      if (!kinds.includes(kind) || piece.push({ from, to }) < YIELD) continue;
      yield piece;
      piece = [];
    }
  if (piece.length > 0) yield piece;
}

/** All ties of the asked records, each pair once, read from the side that costs fewer requests. */
async function* ties(
  api: HubSpotApi,
  request: ReadLinksRequest,
  session: ReadSession | undefined,
  call: CallOptions,
): AsyncGenerator<readonly Tie[]> {
  const { link, fromKeys, toKeys } = request;
  if (fromKeys === undefined && toKeys === undefined) {
    yield* allTies(api, link, session, call);
    return;
  }
  const asked = new Set(fromKeys);
  const ask = session && link.from === link.to ? shared(session) : associations;
  if (asked.size > 0) yield* forward(api, link, piecesOf(asked), call, ask);
  if (!toKeys || toKeys.length === 0) return;
  for await (const some of backward(api, link, piecesOf(toKeys), call, ask)) yield some.filter((tie) => !asked.has(tie.from));
}

function piecesOf(keys: Iterable<string>): Pieces {
  return chunksOf([...new Set(keys)], LINK_READ_BATCH);
}

/** Keys, each once, in pieces that one request takes. */
type Pieces = Iterable<readonly string[]>;

/** Asks each question once within a session. */
function shared(session: ReadSession): typeof associations {
  return async function* ask(api, from, to, pieces, call) {
    const asked = [...pieces];
    const id = [from, to, digest(asked.flat())].join('|');
    let answer = session.answers.get(id);
    if (!answer) {
      const entries: Ties[] = [];
      for await (const entry of associations(api, from, to, asked, call)) entries.push(entry);
      session.answers.set(id, (answer = entries));
    }
    yield* answer;
  };
}

async function* allTies(api: HubSpotApi, link: LinkSchema, session: ReadSession | undefined, call: CallOptions): AsyncGenerator<readonly Tie[]> {
  const from = session?.keys.get(link.from);
  const to = session?.keys.get(link.to);
  // One request more than the batches: to learn the numbers of labels, see `backward`.
  if (to && link.from !== link.to && (!from || batches(to) + 1 < batches(from))) yield* backward(api, link, to.pieces(), call);
  else yield* forward(api, link, (from ?? (await listed(api, link.from, call))).pieces(), call);
}

/** The keys of an object type that was not read within the session. */
async function listed(api: HubSpotApi, object: string, call: CallOptions): Promise<KeyList> {
  const list = new KeyList(LINK_READ_BATCH);
  for await (const keys of readKeys(api, object, call)) for (const key of keys) list.add(key);
  return list;
}

async function* forward(
  api: HubSpotApi,
  link: LinkSchema,
  pieces: Pieces,
  call: CallOptions,
  ask: typeof associations = associations,
): AsyncGenerator<readonly Tie[]> {
  for await (const { id, others, kinds } of ask(api, link.from, link.to, pieces, call))
    yield others.map((other, n) => ({ from: id, to: String(other), kinds: kinds[n] ?? [] }));
}

/**
 * Ties read from the `to` side. HubSpot numbers a kind of link differently in its two directions, and tells nowhere
 * which numbers belong together: ties of a kind whose other number is not known yet are looked at from the `from` side
 * as well, which teaches the numbers.
 */
async function* backward(
  api: HubSpotApi,
  link: LinkSchema,
  pieces: Pieces,
  call: CallOptions,
  ask: typeof associations = associations,
): AsyncGenerator<readonly Tie[]> {
  const numbers = kindsOf(api, link);
  let open: Tie[] = [];
  /** Ties turned round as far as the numbers are known; the others are `open`. */
  const turned = (some: readonly Tie[]): readonly Tie[] =>
    some.flatMap((tie) => {
      const kinds = numbers.turn(tie.kinds);
      if (kinds) return [{ ...tie, kinds }];
      open.push(tie);
      return [];
    });
  for await (const { id, others, kinds } of ask(api, link.to, link.from, pieces, call))
    yield turned(others.map((other, n) => ({ from: String(other), to: id, kinds: kinds[n] ?? [] })));
  while (open.length > 0) {
    const looked = new Set([...new Set(open.map((tie) => tie.from))].slice(0, LINK_READ_BATCH));
    const pairs = new Map(open.filter((tie) => looked.has(tie.from)).map((tie) => [`${tie.from}|${tie.to}`, tie]));
    for await (const some of forward(api, link, [[...looked]], call)) {
      const seen = some.filter((tie) => pairs.has(`${tie.from}|${tie.to}`));
      for (const tie of seen) numbers.learn(pairs.get(`${tie.from}|${tie.to}`)?.kinds ?? [], tie.kinds);
      yield seen;
    }
    const rest = open.filter((tie) => !looked.has(tie.from));
    open = [];
    yield turned(rest);
  }
}

function batches(keys: KeyList): number {
  return Math.ceil(keys.count / LINK_READ_BATCH);
}
