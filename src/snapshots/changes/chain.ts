import { compareIn } from '../../records/index.js';
import { compareLines, type LineKind, type LineOrder, NEWLINE } from '../lines/lines.js';
import type { ObjectInfo, PartInfo, SnapshotManifest } from '../types.js';
import type { Change } from './change-lines.js';

/** A snapshot as one that others build on. */
export interface Layer {
  readonly manifest: SnapshotManifest;
  /** Its file is the one that was recorded when it was made. */
  readonly vouched: boolean;
  /** Bytes of an entry that is in its file, against its digest only where nobody checks what is made of it. */
  stored(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<Buffer>;
  /** The changes of one part, likewise. */
  changes(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<readonly Change[]>;
  /** Those of several parts, each checked against its digest. */
  checkedChanges(info: ObjectInfo, parts: readonly PartInfo[], signal?: AbortSignal): Promise<readonly Change[]>;
  /** The one it builds on. */
  base(): Promise<Layer>;
}

/** Where an object type or kind of link is in a layer. */
interface Level {
  readonly layer: Layer;
  readonly info: ObjectInfo;
}

/** Whether this is a kind of link. */
export const isLink = (info: ObjectInfo): boolean => 'from' in info;

/** How its lines lie. */
export function linesOf(info: ObjectInfo): LineOrder {
  return { kind: isLink(info) ? 'links' : 'records', order: info.order ?? 'text' };
}

/** The same object type or kind of link in another snapshot. */
export function sameIn(
  manifest: SnapshotManifest,
  { platform, object }: Pick<ObjectInfo, 'platform' | 'object'>,
  links: boolean,
): ObjectInfo | undefined {
  const infos: readonly ObjectInfo[] = links ? manifest.links : manifest.objects;
  return infos.find((info) => info.platform === platform && info.object === object);
}

/** From the snapshot itself down to the one that holds the whole of it. Throws an Error that says what is missing. */
async function levelsOf(layer: Layer, info: ObjectInfo): Promise<readonly Level[]> {
  const levels: Level[] = [{ layer, info }];
  for (let here: Level = { layer, info }; here.info.changes !== undefined;) {
    const base = await here.layer.base();
    const found = sameIn(base.manifest, info, isLink(info));
    if (found === undefined) throw new Error(`${base.manifest.id}, which it builds on, does not hold it`);
    here = { layer: base, info: found };
    levels.push(here);
  }
  return levels;
}

/**
 * The bytes of one part of a snapshot that builds on others: the lines of the full one between the first and the last
 * key of the part, with the newest change of each key in their place. The caller checks them against the part's digest,
 * which was that of what the platform gave. Reads the overlapping parts of each level once, one
 * after the other. Throws an Error where more comes out than the part holds.
 */
export async function madeOf(layer: Layer, info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<Buffer> {
  const lines = linesOf(info);
  const levels = await levelsOf(layer, info);
  const full = levels.at(-1);
  if (full === undefined) return Buffer.alloc(0);
  const range = rangeOf(lines.kind, part);
  const changes: Change[] = [];
  for (const { layer: from, info: its } of levels.slice(0, -1)) {
    for (const stored of its.changes?.parts ?? [])
      if (overlaps(its, stored, part)) changes.push(...within(lines, await from.changes(its, stored, signal), range));
  }
  const made = new Made(lines, newestOf(lines, changes), part.bytes);
  for (const stored of full.info.parts)
    if (overlaps(full.info, stored, part)) made.add(trimmed(lines, await full.layer.stored(full.info, stored, signal), range));
  return made.finish();
}

/** Beginnings of lines with the first and the last key. */
interface Range {
  readonly first: Buffer;
  readonly last: Buffer;
}

function rangeOf(kind: LineKind, { firstKey, lastKey, firstTo = '', lastTo = '' }: PartInfo): Range {
  const line = (key: string, to: string): Buffer =>
    Buffer.from(kind === 'records' ? `{"key":${JSON.stringify(key)},` : `{"from":${JSON.stringify(key)},"to":${JSON.stringify(to)}}`);
  return { first: line(firstKey, firstTo), last: line(lastKey, lastTo) };
}

function overlaps(info: ObjectInfo, stored: PartInfo, { firstKey, lastKey }: PartInfo): boolean {
  const { order } = linesOf(info);
  return compareIn(order, stored.lastKey, firstKey) >= 0 && compareIn(order, stored.firstKey, lastKey) <= 0;
}

/** Those of the changes, which lie in the order of their keys, that are in the range. */
function within(lines: LineOrder, changes: readonly Change[], { first, last }: Range): readonly Change[] {
  const after = (limit: Buffer, least: number): number => {
    let [low, high] = [0, changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const change = changes[middle];
      if (change !== undefined && compareLines(lines, change.bytes, change.at, limit, 0) < least) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return changes.slice(after(first, 0), after(last, 1));
}

/** Those of the lines that lie in the range. */
function trimmed(lines: LineOrder, bytes: Buffer, { first, last }: Range): Buffer {
  const after = (from: number, limit: Buffer, least: number): number => {
    let at = from;
    while (at < bytes.length && compareLines(lines, bytes, at, limit, 0) < least) at = bytes.indexOf(NEWLINE, at) + 1 || bytes.length;
    return at;
  };
  const start = after(0, first, 0);
  const lastLine = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
  const end = compareLines(lines, bytes, lastLine, last, 0) <= 0 ? bytes.length : after(start, last, 1);
  return bytes.subarray(start, Math.max(start, end));
}

/** In the order of their keys, of each key the first: they come from the newest snapshot to the oldest. */
function newestOf(lines: LineOrder, changes: Change[]): readonly Change[] {
  // Sorting keeps the order of equals.
  changes.sort((a, b) => compareLines(lines, a.bytes, a.at, b.bytes, b.at));
  return changes.filter((change, n) => {
    const before = changes[n - 1];
    return before === undefined || compareLines(lines, before.bytes, before.at, change.bytes, change.at) !== 0;
  });
}

/** Lines of the full snapshot, piece by piece, with the changes in their place. Copies what stays: the pieces can go. */
class Made {
  readonly #out: Buffer[] = [];
  #bytes = 0;
  #next = 0;

  /** `most`: bytes that come out; more is damage. */
  constructor(
    private readonly lines: LineOrder,
    private readonly changes: readonly Change[],
    private readonly most: number,
  ) {}

  add(bytes: Buffer): void {
    let from = 0;
    for (let at = 0; at < bytes.length;) {
      const change = this.changes[this.#next];
      if (change === undefined) break;
      const order = compareLines(this.lines, bytes, at, change.bytes, change.at);
      const end = order > 0 ? at : bytes.indexOf(NEWLINE, at) + 1 || bytes.length;
      if (order >= 0) {
        this.#keep(bytes.subarray(from, at));
        this.#put(change);
        from = end;
      }
      at = end;
    }
    this.#keep(bytes.subarray(from));
  }

  finish(): Buffer {
    for (let change = this.changes[this.#next]; change !== undefined; change = this.changes[this.#next]) this.#put(change);
    return Buffer.concat(this.#out, this.#bytes);
  }

  #put({ is }: Change): void {
    this.#next += 1;
    if (is !== undefined) this.#keep(is.bytes.subarray(is.start, is.end + 1));
  }

  #keep(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.most) throw new Error('it is made of more than was written');
    if (bytes.length > 0) this.#out.push(Buffer.from(bytes));
  }
}
