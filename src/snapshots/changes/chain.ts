import { compareIn } from '../../records/index.js';
import { compareLines, type LineKind, type LineOrder, NEWLINE } from '../lines/lines.js';
import type { ObjectInfo, PartInfo, SnapshotManifest } from '../types.js';
import { type Change, type ChangeLines, keyStart } from './change-lines.js';
import { NewestChanges } from './newest.js';

/** A snapshot as one that others build on. */
export interface Layer {
  readonly manifest: SnapshotManifest;
  /** Its file is the one that was recorded when it was made. */
  readonly vouched: boolean;
  /** Bytes of an entry that is in its file, against its digest only where nobody checks what is made of it. */
  stored(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<Buffer>;
  /** The changes of one part, likewise. */
  changes(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<ChangeLines>;
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
 * after the other; `ahead`: also begins to read what the next part needs. Throws an Error where more comes out than the part holds.
 */
export async function madeOf(layer: Layer, info: ObjectInfo, part: PartInfo, ahead: boolean, signal?: AbortSignal): Promise<Buffer> {
  const lines = linesOf(info);
  const levels = await levelsOf(layer, info);
  const full = levels.at(-1);
  if (full === undefined) return Buffer.alloc(0);
  const range = rangeOf(lines.kind, part);
  const parts = full.info.parts.filter((stored) => overlaps(full.info, stored, part));
  // Unpacked elsewhere, while the changes are read and put in their place; what fails is told where it is asked for again.
  for (const stored of [...parts, ...(ahead ? partsAfter(full.info, parts) : [])])
    full.layer.stored(full.info, stored, signal).catch(() => undefined);
  const changes = new NewestChanges(lines);
  for (const [level, parts] of (await together(levels.slice(0, -1).map(async (one) => await changesOf(one, part, signal)))).entries())
    for (const some of parts) changes.add(some, ...within(lines, some, range), level);
  const made = new Made(lines, changes.begin(), part.bytes);
  for (const stored of parts) made.add(trimmed(lines, await full.layer.stored(full.info, stored, signal), range));
  return made.finish();
}

/** The part behind these, if there is one. */
function partsAfter(info: ObjectInfo, parts: readonly PartInfo[]): readonly PartInfo[] {
  const last = parts.at(-1);
  if (last === undefined) return [];
  const next = info.parts.indexOf(last) + 1;
  return info.parts.slice(next, next + 1);
}

/** The parts in which one snapshot of the chain holds changes in the range of a part. */
async function changesOf({ layer, info }: Level, part: PartInfo, signal: AbortSignal | undefined): Promise<readonly ChangeLines[]> {
  const found: ChangeLines[] = [];
  for (const stored of info.changes?.parts ?? []) if (overlaps(info, stored, part)) found.push(await layer.changes(info, stored, signal));
  return found;
}

/** All of them, in order. Nothing goes on unseen where one fails. */
async function together<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(work);
  return await Promise.all(work);
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

/** Which of the changes, which lie in the order of their keys, are in the range: the first, and the first behind it. */
function within(lines: LineOrder, { bytes, starts }: ChangeLines, { first, last }: Range): [number, number] {
  const after = (limit: Buffer, least: number): number => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareLines(lines, bytes, keyStart(bytes, starts[middle] ?? 0), limit, 0) < least) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [after(first, 0), after(last, 1)];
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

/** Lines of the full snapshot, piece by piece, with the changes in their place. Copies what stays: the pieces can go. */
class Made {
  #out: Buffer = Buffer.alloc(0);
  #bytes = 0;

  /** `most`: bytes that come out; more is damage. */
  constructor(
    private readonly lines: LineOrder,
    private readonly changes: NewestChanges,
    private readonly most: number,
  ) {}

  add(bytes: Buffer): void {
    const { changes } = this;
    let from = 0;
    for (let at = 0; at < bytes.length && !changes.atEnd;) {
      const order = compareLines(this.lines, bytes, at, changes.bytes, changes.at);
      const end = order > 0 ? at : bytes.indexOf(NEWLINE, at) + 1 || bytes.length;
      if (order >= 0) {
        this.#keep(bytes, from, at);
        this.#put();
        from = end;
      }
      at = end;
    }
    this.#keep(bytes, from, bytes.length);
  }

  finish(): Buffer {
    while (!this.changes.atEnd) this.#put();
    return this.#out.subarray(0, this.#bytes);
  }

  /** Keeps what the present change says, and goes to the next. */
  #put(): void {
    const { bytes, at, isGone, end } = this.changes;
    if (!isGone) this.#keep(bytes, at, end);
    this.changes.next();
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    if (length === 0) return;
    const needed = this.#bytes + length;
    if (needed > this.most) throw new Error('it is made of more than was written');
    if (needed > this.#out.length) this.#grow(needed, bytes.length);
    bytes.copy(this.#out, this.#bytes, from, to);
    this.#bytes = needed;
  }

  /** One buffer for all, and only as large as what is read allows: how large it may be is what a file says. */
  #grow(needed: number, piece: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.most, Math.max(needed, 2 * (this.#out.length + piece))));
    this.#out.copy(grown, 0, 0, this.#bytes);
    this.#out = grown;
  }
}
