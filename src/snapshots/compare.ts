import { emptyIsNull } from '../connectors/index.js';
import { inOrder, RunbackError, silentReporter, type CallOptions } from '../lib/index.js';
import {
  type Fields,
  type KeyOrder,
  liesWithin,
  type Link,
  ownValue,
  parseRecordLine,
  setOwn,
  recordLine,
  sameValue,
  type Value,
} from '../records/index.js';
import { damageOf } from './container/opened.js';
import { forgottenIn, type RecordName } from './forget/forgotten.js';
import { heldBy } from './imported.js';
import { inTextOrder } from './lines/in-text-order.js';
import { compareLines, keyAt, NEWLINE, sameFields, type LineKind, type LineOrder } from './lines/lines.js';
import { skipEqual } from './lines/skip-equal.js';
import type { Damage, KeyDifference, Line, LinkDifference, LinkInfo, ObjectInfo, PartInfo, SnapshotReader } from './types.js';

export interface CompareOptions extends CallOptions {
  /**
   * Told of each part that cannot be read, and on which side. Without it, the first such part throws
   * `snapshot-damaged`: a comparison that quietly skips records would call them unchanged.
   */
  readonly onDamage?: (side: 'a' | 'b', damage: Damage) => void;
  /**
   * Also give, marked `unreadable`, the records of one side whose keys lie in an unreadable part of the other: nothing
   * is known about how they differ. Without it they are left out.
   */
  readonly unreadable?: boolean;
  /** What one side does not have is known to have been empty there: a kind of link that did not exist yet. */
  readonly absentIsEmpty?: boolean;
  /** Names in `meta` whose difference counts too: read-only fields that people are harmed by. */
  readonly alsoMeta?: readonly string[];
  /** Fields that count on neither side, beside those that one of the snapshots must not hold. */
  readonly without?: readonly string[];
}

const BATCH = 512;
/** Parts of one side that are held at once: one that is compared, the next being unpacked. */
const PARTS_AT_ONCE = 3;

/**
 * What differs between two snapshots in the `fields` of one object type, in the order in which both lie, else in the
 * order of bytes; a difference in `meta` alone is none, unless asked for. Offline. Parts that both snapshots hold are
 * not read; the rest is compared as bytes, and only lines that differ become text. Memory: a few parts of each side;
 * where one lies by the size of its keys and the other by their bytes, one part for each length of a key.
 *
 * What was not read on one side is no difference (G17): an object type that one side does not have gives nothing, and
 * where a side has no census, what only the other one has is left out. {@link comparable} tells what that concerns. Of
 * a side that was made from a file, what the file does not hold is as the other side has it.
 */
export async function* compareObjects(
  a: SnapshotReader,
  b: SnapshotReader,
  platform: string,
  object: string,
  options: CompareOptions = {},
): AsyncGenerator<readonly KeyDifference[]> {
  const find = (reader: SnapshotReader): ObjectInfo | undefined =>
    reader.manifest.objects.find((info) => info.platform === platform && info.object === object);
  const oneEmpty = [a, b].every((reader) => emptyIsNull(reader.header.platforms.find(({ name }) => name === platform)?.connector));
  const turned = await turnedFields(a, b, platform, object);
  const held = await heldBy(a, b, platform, object);
  const isForgotten = forgottenBetween(a, b);
  const withheld = [...new Set([...(find(a)?.withheld ?? []), ...(find(b)?.withheld ?? []), ...(options.without ?? [])])];
  for await (const found of merge('records', { reader: a, info: find(a) }, { reader: b, info: find(b) }, `Comparing ${object}`, options)) {
    const told = found.filter(({ key, a: left, b: right }) => !isForgotten({ platform, object, key }, left, right));
    const shown = withheld.length === 0 ? told : told.map((pair) => withoutFields(pair, withheld));
    const placed = turned.length === 0 ? shown : shown.map((pair) => withTurned(pair, turned));
    const pairs = (oneEmpty ? placed.map(withOneEmpty) : placed).map(held);
    const batch = pairs.filter(
      (pair) => pair.a === undefined || pair.b === undefined || !sameFields(pair.a, pair.b) || !sameMeta(pair.a, pair.b, options.alsoMeta),
    );
    if (batch.length > 0) yield batch;
  }
}

/**
 * The links of one kind (`<from>~<to>~<kind>`) that only one of two snapshots has, in order; `nameInB`: its name in
 * `b`, where a label was given another number. Otherwise as {@link compareObjects}.
 */
export async function* compareLinks(
  a: SnapshotReader,
  b: SnapshotReader,
  platform: string,
  name: string,
  options: Omit<CompareOptions, 'unreadable'> & { readonly nameInB?: string } = {},
): AsyncGenerator<readonly LinkDifference[]> {
  const find = (reader: SnapshotReader, kind: string): LinkInfo | undefined =>
    reader.manifest.links.find((info) => info.platform === platform && info.object === kind);
  const [left, right] = [find(a, name), find(b, options.nameInB ?? name)];
  const isForgotten = forgottenBetween(a, b);
  const [from, to] = [(left ?? right)?.from ?? '', (left ?? right)?.to ?? ''];
  for await (const pairs of merge(
    'links',
    { reader: a, info: left },
    { reader: b, info: right },
    `Comparing links ${name || (options.nameInB ?? '')}`,
    options,
  )) {
    const found = pairs.map(({ a: removed, b: added }): LinkDifference =>
      removed === undefined ? { change: 'added', link: JSON.parse(added ?? '{}') as Link } : { change: 'removed', link: JSON.parse(removed) as Link },
    );
    yield found.filter(({ change, link }) => {
      const [removed, added] = change === 'removed' ? [link, undefined] : [undefined, link];
      const ends = [
        { platform, object: from, key: link.from },
        { platform, object: to, key: link.to },
      ];
      return !ends.some((end) => isForgotten(end, removed, added));
    });
  }
}

/** Whether one side does not have a record since it was forgotten there: nothing is known of how they differ. */
function forgottenBetween(a: SnapshotReader, b: SnapshotReader): (record: RecordName, left: unknown, right: unknown) => boolean {
  const [inA, inB] = [forgottenIn(a.manifest), forgottenIn(b.manifest)];
  return (record, left, right) => (left === undefined && inA(record)) || (right === undefined && inB(record));
}

/**
 * Names of the fields that could be written when one of the snapshots was made, and not when the other was: one holds
 * them in `meta`.
 */
async function turnedFields(a: SnapshotReader, b: SnapshotReader, platform: string, object: string): Promise<readonly string[]> {
  const schemas = await Promise.all([a, b].map(async (reader) => await reader.objectSchema(platform, object).catch(() => undefined)));
  const [before, after] = schemas.map((schema) => new Map(schema?.fields.map(({ name, readOnly }) => [name, readOnly])));
  return [...(before ?? [])].filter(([name, readOnly]) => (after?.get(name) ?? readOnly) !== readOnly).map(([name]) => name);
}

/**
 * A pair with these fields in `fields` on both sides: that a field can no longer be written, or can be now, does not
 * empty it.
 */
function withTurned(pair: KeyDifference, names: readonly string[]): KeyDifference {
  const placed = (line: string): string => {
    const { key, fields, meta } = parseRecordLine(line);
    const moved = names.filter((name) => ownValue(meta, name) !== undefined);
    if (moved.length === 0) return line;
    const all: Record<string, Value> = { ...fields };
    for (const name of moved) setOwn(all, name, ownValue(meta, name) ?? null);
    return recordLine({ key, fields: all, meta: Object.fromEntries(Object.entries(meta).filter(([name]) => !moved.includes(name))) });
  };
  return { ...pair, a: pair.a && placed(pair.a), b: pair.b && placed(pair.b) };
}

/** A pair as if neither side had ever held these fields. */
function withoutFields(pair: KeyDifference, names: readonly string[]): KeyDifference {
  const stripped = (line: string): string => {
    const { key, fields, meta } = parseRecordLine(line);
    const kept = (values: Fields): Fields => Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
    return recordLine({ key, fields: kept(fields), meta: kept(meta) });
  };
  return { ...pair, a: pair.a && stripped(pair.a), b: pair.b && stripped(pair.b) };
}

/** Empty texts and sets of earlier snapshots as null, where the platform knows no difference. */
function withOneEmpty(pair: KeyDifference): KeyDifference {
  return { ...pair, a: pair.a && oneEmptyLine(pair.a), b: pair.b && oneEmptyLine(pair.b) };
}

function oneEmptyLine(line: string): string {
  if (!line.includes('""') && !line.includes('[]')) return line;
  const { key, fields, meta } = parseRecordLine(line);
  const isEmpty = (value: Value): boolean => value === '' || (Array.isArray(value) && value.length === 0);
  const oneEmpty: Record<string, Value> = {};
  for (const [name, value] of Object.entries(fields)) setOwn(oneEmpty, name, isEmpty(value) ? null : value);
  return recordLine({ key, fields: oneEmpty, meta });
}

function sameMeta(a: string, b: string, names: readonly string[] = []): boolean {
  if (names.length === 0) return true;
  const [left, right] = [parseRecordLine(a).meta, parseRecordLine(b).meta];
  return names.every((name) => sameValue(ownValue(left, name), ownValue(right, name)));
}

interface Side {
  readonly reader: SnapshotReader;
  readonly info: ObjectInfo | undefined;
}

/** Merge-joins the lines of two sides and gives the pairs whose lines differ. */
async function* merge(kind: LineKind, a: Side, b: Side, task: string, options: CompareOptions): AsyncGenerator<KeyDifference[]> {
  if (options.absentIsEmpty !== true && (a.info === undefined || b.info === undefined)) return;
  const told = await toldChanges(a, b, options.signal);
  if (told !== undefined) {
    yield* pairsOf(kind, told, a, b);
    return;
  }
  const shared = sharedParts(a.info, b.info);
  const lines: LineOrder = { kind, order: commonOrder(a.info, b.info) };
  const left = new Cursor(lines, 'a', a, shared, options);
  const right = new Cursor(lines, 'b', b, shared, options);
  const reporter = options.reporter ?? silentReporter;
  const total = left.totalRows + right.totalRows;
  let batch: KeyDifference[] = [];
  const single = (cursor: Cursor, other: Cursor): void => {
    const { key, line } = cursor.take();
    const hidden = other.hides(key);
    if (!other.census || (hidden && options.unreadable !== true)) return;
    batch.push({
      key,
      a: cursor.side === 'a' ? line : undefined,
      b: cursor.side === 'b' ? line : undefined,
      ...(hidden ? { unreadable: other.side } : {}),
    });
  };
  try {
    for (;;) {
      // Both, always: a part being loaded may turn out to be unreadable, and that must be known before a line is
      // judged.
      const [more, others] = [left.atEnd ? await left.load() : true, right.atEnd ? await right.load() : true];
      reporter.progress({ task, done: left.doneRows + right.doneRows, total, unit: kind });
      if (!more && !others) break;
      if (!more || !others) {
        const [cursor, other] = more ? [left, right] : [right, left];
        while (!cursor.atEnd) single(cursor, other);
      }
      while (!left.atEnd && !right.atEnd) {
        skipEqual(left, right);
        if (left.atEnd || right.atEnd) break;
        const order = compareLines(lines, left.bytes, left.at, right.bytes, right.at);
        if (order < 0) single(left, right);
        else if (order > 0) single(right, left);
        else {
          const { key, line } = left.take();
          const other = right.take().line;
          if (line !== other) batch.push({ key, a: line, b: other });
        }
        if (batch.length >= BATCH) {
          yield batch;
          batch = [];
        }
      }
      if (batch.length > 0) {
        yield batch;
        batch = [];
      }
    }
  } finally {
    await left.close();
    await right.close();
  }
}

/** What differs, where one side builds on the other and tells: as lines of `a` and of `b`. */
async function toldChanges(a: Side, b: Side, signal: AbortSignal | undefined): Promise<readonly TwoLines[] | undefined> {
  // A kind of link may have another name on the other side.
  if (a.info === undefined || a.info.object !== b.info?.object) return undefined;
  const later = await b.reader.changesSince?.(a.reader.manifest.id, b.info, signal);
  if (later !== undefined) return later.map(({ is, was }) => ({ a: was, b: is }));
  const earlier = await a.reader.changesSince?.(b.reader.manifest.id, a.info, signal);
  return earlier?.map(({ is, was }) => ({ a: is, b: was }));
}

interface TwoLines {
  readonly a: Line | undefined;
  readonly b: Line | undefined;
}

/** Without what only one side has where the other has no census. */
function* pairsOf(kind: LineKind, changes: readonly TwoLines[], a: Side, b: Side): Generator<KeyDifference[]> {
  const text = (line: Line | undefined): string | undefined => line?.bytes.toString('utf8', line.start, line.end);
  let batch: KeyDifference[] = [];
  for (const change of changes) {
    const line = change.a ?? change.b;
    if (line === undefined || (change.a === undefined && a.info?.census !== true) || (change.b === undefined && b.info?.census !== true)) continue;
    batch.push({ key: keyAt(kind, line.bytes, line.start, line.end), a: text(change.a), b: text(change.b) });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The order in which two sides can be walked beside each other: that of both, else the order of bytes. */
function commonOrder(a: ObjectInfo | undefined, b: ObjectInfo | undefined): KeyOrder {
  const [one, other] = [a ?? b, b ?? a].map((info) => info?.order ?? 'text');
  return one === other ? (one ?? 'text') : 'text';
}

/** Digests of the parts that both sides hold: equal bytes, hence equal keys, and nothing else lies between them. */
function sharedParts(a: ObjectInfo | undefined, b: ObjectInfo | undefined): ReadonlySet<string> {
  const digests = new Set(a?.parts.map(({ sha256 }) => sha256));
  return new Set(b?.parts.map(({ sha256 }) => sha256).filter((digest) => digests.has(digest)));
}

/** Bytes of whole lines, next in the order; none for a part that cannot be read. */
interface Loaded {
  readonly bytes: Buffer | undefined;
}

/** Walks the lines of one side. */
class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  /** Start of the present line. */
  at = 0;
  doneRows = 0;
  readonly totalRows: number;
  /** All keys were read: what is not here was not there. */
  readonly census: boolean;
  readonly #loads: AsyncGenerator<Loaded>;
  /** Parts that could not be read, and how their keys are ordered. */
  readonly #hidden = new Set<PartInfo>();
  readonly #order: KeyOrder;

  constructor(
    private readonly lines: LineOrder,
    readonly side: 'a' | 'b',
    { reader, info }: Side,
    shared: ReadonlySet<string>,
    private readonly options: CompareOptions,
  ) {
    const parts = info?.parts.filter(({ sha256 }) => !shared.has(sha256)) ?? [];
    this.census = info?.census ?? options.absentIsEmpty === true;
    this.totalRows = parts.reduce((sum, { rows }) => sum + rows, 0);
    this.#order = info?.order ?? 'text';
    const read = async (part: PartInfo): Promise<Buffer | undefined> => {
      if (!info) throw new RunbackError('bug', 'A part without an object type');
      try {
        return await reader.partBytes(info, part, options.signal);
      } catch (error) {
        const damage = damageOf(error);
        if (!damage || !options.onDamage) throw error;
        // Some parts are read more than once.
        if (!this.#hidden.has(part)) options.onDamage(side, damage);
        this.#hidden.add(part);
        return undefined;
      }
    };
    this.#loads = lines.order === this.#order ? this.#inTurn(parts, read) : this.#inText(parts, read);
  }

  /** The parts as they lie. On each side two are unpacked while one is compared. */
  async *#inTurn(parts: readonly PartInfo[], read: (part: PartInfo) => Promise<Buffer | undefined>): AsyncGenerator<Loaded> {
    const rows = parts.values();
    for await (const bytes of inOrder(parts, PARTS_AT_ONCE, read)) {
      this.doneRows += rows.next().value?.rows ?? 0;
      yield { bytes };
    }
  }

  /** Lines of parts that lie by the size of their keys, in the order of bytes. */
  async *#inText(parts: readonly PartInfo[], read: (part: PartInfo) => Promise<Buffer | undefined>): AsyncGenerator<Loaded> {
    for await (const bytes of inTextOrder(parts, read)) {
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) this.doneRows += 1;
      yield { bytes };
    }
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Goes to the next readable part; false where there is none. */
  async load(): Promise<boolean> {
    for (;;) {
      this.options.signal?.throwIfAborted();
      const next = await this.#loads.next();
      this.at = 0;
      this.bytes = Buffer.alloc(0);
      if (next.done) return false;
      const { bytes } = next.value;
      if (!bytes) continue;
      this.bytes = bytes;
      return true;
    }
  }

  /** Gives the present line and goes to the next. */
  take(): { readonly key: string; readonly line: string } {
    const end = this.bytes.indexOf(NEWLINE, this.at);
    const taken = { key: keyAt(this.lines.kind, this.bytes, this.at, end), line: this.bytes.toString('utf8', this.at, end) };
    this.at = end + 1;
    return taken;
  }

  /** True where a part that would hold this key could not be read. */
  hides(key: string): boolean {
    return [...this.#hidden].some(({ firstKey, lastKey }) => liesWithin(this.#order, key, firstKey, lastKey));
  }

  async close(): Promise<void> {
    await this.#loads.return(undefined);
  }
}
