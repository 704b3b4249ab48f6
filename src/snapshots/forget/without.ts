import { createHash } from 'node:crypto';

import { defined } from '../../lib/index.js';
import { isLink, linesOf } from '../changes/chain.js';
import { changesFolder, dataFolder, linkFolder, partEntry } from '../container/names.js';
import { compareLines } from '../lines/lines.js';
import type { ZipSnapshotReader } from '../reader.js';
import type { LinkInfo, ObjectInfo, PartInfo, StoredChanges } from '../types.js';
import { asGone, insertLine, isGone, type PartLine, partLines, partOf } from './part-lines.js';
import type { Whose } from './whose.js';

/**
 * How lines leave a snapshot that builds on another. `hide`: the one below still has them, so that it says that they are
 * gone; `erase`: the one below does not have them any more, and nothing is left. In one that holds everything both are the same.
 */
export type Leaving = 'hide' | 'erase';

/** An object type or kind of link without some of its lines. */
export interface Without<I extends ObjectInfo> {
  readonly info: I;
  /** Bytes of the entries of the file that are other ones now, or new. */
  readonly entries: ReadonlyMap<string, Buffer>;
  /** The lines that left. */
  readonly lines: readonly Buffer[];
  /** It was read as if it held such lines: not only what it once was. */
  readonly wasThere: boolean;
  /** It says of such lines that they are gone, with their keys. */
  readonly says: boolean;
}

/** `clean`: digests of parts that hold none of the lines, for snapshots that share them; it is added to. Throws what reading throws. */
export async function withoutLines<I extends ObjectInfo>(
  reader: ZipSnapshotReader,
  info: I,
  whose: Whose,
  leaving: Leaving,
  clean: Set<string>,
  signal?: AbortSignal,
): Promise<Without<I>> {
  const order = linesOf(info);
  const entries = new Map<string, Buffer>();
  const left: PartLine[] = [];
  const parts: PartInfo[] = [];
  for (const part of info.parts) {
    const own = clean.has(part.sha256) || !whose.mayHold(part) ? [] : partLines(await reader.partBytes(info, part, signal));
    const stay = own.filter((line) => !whose.holds(line));
    if (stay.length === own.length) {
      clean.add(part.sha256);
      parts.push(part);
      continue;
    }
    left.push(...own.filter((line) => whose.holds(line)));
    const made = partOf(order, part, stay);
    if (made === undefined) continue;
    parts.push(made.part);
    if (info.changes === undefined) entries.set(part.name, made.bytes);
  }
  const stored = info.changes && (await changesWithout(reader, info, info.changes, whose, leaving, left, entries));
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part.sha256);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  return {
    info: { ...info, rows, digest: digest.digest('hex'), parts, ...defined({ changes: stored?.changes }) },
    entries,
    lines: [...left, ...(stored?.lines ?? [])].map(({ bytes }) => bytes),
    wasThere: left.length > 0,
    says: stored?.says ?? false,
  };
}

/** `view`: the lines as the snapshot is read, of which those that it does not change come from the one below. */
async function changesWithout(
  reader: ZipSnapshotReader,
  info: ObjectInfo,
  { parts, was }: StoredChanges,
  whose: Whose,
  leaving: Leaving,
  view: readonly PartLine[],
  entries: Map<string, Buffer>,
): Promise<{ readonly changes: StoredChanges; readonly lines: readonly PartLine[]; readonly says: boolean }> {
  const order = linesOf(info);
  const same = (a: PartLine, b: PartLine): boolean => compareLines(order, a.bytes, a.at, b.bytes, b.at) === 0;
  const read = async (list: readonly PartInfo[]): Promise<{ part: PartInfo; lines: PartLine[]; moved: boolean }[]> =>
    await Promise.all(
      list.map(async (part) => ({ part, lines: whose.mayHold(part) ? partLines(await reader.changeBytes(info, part)) : [], moved: false })),
    );
  const [changed, before] = [await read(parts), await read(was)];
  const lines: PartLine[] = [];
  const old = before.flatMap((one) => one.lines.filter((line) => whose.holds(line)));
  for (const one of before) {
    const stay = one.lines.filter((line) => !whose.holds(line));
    one.moved = stay.length < one.lines.length;
    one.lines = stay;
  }
  lines.push(...old);
  const told: PartLine[] = [];
  for (const one of changed) {
    const now: PartLine[] = [];
    for (const line of one.lines) {
      if (!whose.holds(line)) {
        now.push(line);
        continue;
      }
      told.push(line);
      if (!isGone(line.bytes)) lines.push(line);
      const isBelow = isGone(line.bytes) || old.some((other) => same(other, line));
      const stays = leaving === 'hide' && isBelow ? [isGone(line.bytes) ? line : asGone(order, line)] : [];
      now.push(...stays);
      one.moved ||= stays[0] !== line;
    }
    one.lines = now;
  }
  let says = leaving === 'hide' && changed.some((one) => one.lines.some((line) => whose.holds(line)));
  if (leaving === 'hide')
    for (const line of view.filter((one) => !told.some((other) => same(other, one)))) {
      const gone = asGone(order, line);
      says = true;
      const place = changed.find(({ part }) => compareLines(order, gone.bytes, gone.at, lastOf(part, order.kind), 0) <= 0) ?? changed.at(-1);
      if (place === undefined) changed.push({ part: firstPart(info), lines: [gone], moved: true });
      else {
        // Of a part that cannot hold it, nothing was read yet.
        if (place.lines.length === 0 && !place.moved) place.lines = partLines(await reader.changeBytes(info, place.part));
        insertLine(order, place.lines, gone);
        place.moved = true;
      }
    }
  const kept = (list: typeof changed): readonly PartInfo[] =>
    list.flatMap(({ part, lines: now, moved }) => {
      if (!moved) return [part];
      const made = partOf(order, part, now);
      if (made === undefined) return [];
      entries.set(part.name, made.bytes);
      return [made.part];
    });
  const stored = kept(changed);
  return { changes: { rows: stored.reduce((sum, part) => sum + part.rows, 0), parts: stored, was: kept(before) }, lines, says };
}

/** The beginning of a line with the last key of a part; of links, of the last link that could have it. */
function lastOf({ lastKey }: PartInfo, kind: 'records' | 'links'): Buffer {
  return Buffer.from(kind === 'records' ? `{"key":${JSON.stringify(lastKey)},` : `{"from":${JSON.stringify(lastKey)},"to":"\u{10ffff}"}`);
}

function firstPart(info: ObjectInfo): PartInfo {
  const folder = isLink(info) ? linkFolder(info.platform, info as LinkInfo) : dataFolder(info.platform, info.object);
  return { name: partEntry(changesFolder(folder), 1), rows: 0, bytes: 0, sha256: '', firstKey: '', lastKey: '' };
}
