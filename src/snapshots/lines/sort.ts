import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { LineBatch } from '../../connectors/index.js';
import { compareKeys } from '../../records/index.js';
import { packLines } from './line-batches.js';
import type { LineKind } from './lines.js';

/** One line with what it is sorted by: a record's key, or a link's two ends. */
export interface SortItem {
  readonly key: string;
  readonly to: string;
  readonly line: string;
}

export interface SortLimits {
  /** Lines held in memory, in bytes, roughly. */
  readonly memoryBytes: number;
  /** Temporary files merged at once. */
  readonly fanIn: number;
}
export const SORT_LIMITS: SortLimits = { memoryBytes: 32 << 20, fanIn: 32 };

/** Bytes an item costs beside its text. */
const ITEM_OVERHEAD = 160;
const READ_BYTES = 128 << 10;

export interface SortOptions {
  readonly kind: LineKind;
  /** Called once, only if the lines do not fit into memory: an existing folder for temporary files. */
  readonly scratch: () => Promise<string>;
  readonly limits?: SortLimits;
  /** Told of each key (or pair of keys) that came more than once; the line read last is kept. */
  readonly onDuplicate: (key: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * External merge sort: takes lines in any order and gives them in canonical key order, each key once. What does not fit
 * into memory goes into temporary files, which are removed as they are used up; the caller removes the folder.
 */
export async function* sortLines(source: AsyncIterable<readonly SortItem[]>, options: SortOptions): AsyncGenerator<LineBatch> {
  const limits = options.limits ?? SORT_LIMITS;
  let runs: string[] = [];
  let folder: string | undefined;
  let files = 0;
  const spill = async (lines: Iterable<LineBatch> | AsyncIterable<LineBatch>): Promise<string> => {
    folder ??= await options.scratch();
    files += 1;
    const path = join(folder, `run-${files}.ndjson`);
    await writeRun(path, lines, options.signal);
    return path;
  };

  let held: SortItem[] = [];
  let heldBytes = 0;
  for await (const batch of source) {
    options.signal?.throwIfAborted();
    for (const item of batch) {
      held.push(item);
      heldBytes += item.line.length + item.key.length + ITEM_OVERHEAD;
    }
    if (heldBytes < limits.memoryBytes) continue;
    runs.push(await spill(packLines(linesOf(sorted(held, options.onDuplicate)))));
    held = [];
    heldBytes = 0;
  }
  const rest = sorted(held, options.onDuplicate);
  if (runs.length === 0) {
    yield* packLines(linesOf(rest));
    return;
  }
  if (rest.length > 0) runs.push(await spill(packLines(linesOf(rest))));
  held = [];
  // In rounds, each of neighbours, so that "read last" stays the order of the runs and no line is merged more often than needed.
  while (runs.length > limits.fanIn) {
    const merged: string[] = [];
    for (let n = 0; n < runs.length; n += limits.fanIn) merged.push(await spill(mergeRuns(runs.slice(n, n + limits.fanIn), options)));
    runs = merged;
  }
  yield* mergeRuns(runs, options);
}

function compareItems(a: SortItem, b: SortItem): number {
  return compareKeys(a.key, b.key) || compareKeys(a.to, b.to);
}

/** Sorts in place and drops all but the last of equal items. */
function sorted(items: SortItem[], onDuplicate: (key: string) => void): SortItem[] {
  items.sort(compareItems);
  let kept = 0;
  for (const item of items) {
    const before = items[kept - 1];
    if (kept > 0 && before && compareItems(before, item) === 0) {
      onDuplicate(item.key);
      kept -= 1;
    }
    items[kept] = item;
    kept += 1;
  }
  items.length = kept;
  return items;
}

function* linesOf(items: Iterable<SortItem>): Generator<string> {
  for (const item of items) yield item.line;
}

async function writeRun(path: string, batches: Iterable<LineBatch> | AsyncIterable<LineBatch>, signal: AbortSignal | undefined): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      await handle.writeFile(batch.bytes);
    }
  } finally {
    await handle.close();
  }
}

/** A sorted run being read: its present item and where it came in the order of reading. */
interface Head {
  readonly rest: AsyncGenerator<SortItem[]>;
  items: SortItem[];
  at: number;
}

/** Merges runs in temporary files; of equal items the one of the latest run is kept. Removes each run when done. */
function mergeRuns(paths: readonly string[], options: SortOptions): AsyncGenerator<LineBatch> {
  const runs = paths.map((path) => readRun(path, options.kind));
  return mergeSorted(runs, options.onDuplicate, options.signal);
}

/** Merges sorted runs, each given in batches of any size; of equal items the one of the latest run is kept, and `onDuplicate` is told. */
export async function* mergeSorted(
  runs: readonly AsyncGenerator<SortItem[]>[],
  onDuplicate: (key: string) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<LineBatch> {
  const heads: Head[] = [];
  try {
    for (const rest of runs) {
      const head: Head = { rest, items: [], at: 0 };
      if (await advance(head)) heads.push(head);
    }
    let out: string[] = [];
    let outBytes = 0;
    let last: SortItem | undefined;
    while (heads.length > 0) {
      const head = smallest(heads);
      const item = head.items[head.at];
      head.at += 1;
      if (item) {
        if (last && compareItems(last, item) === 0) onDuplicate(item.key);
        else if (last) {
          out.push(last.line);
          outBytes += last.line.length;
        }
        last = item;
      }
      if (head.at >= head.items.length && !(await advance(head))) heads.splice(heads.indexOf(head), 1);
      if (outBytes > READ_BYTES) {
        signal?.throwIfAborted();
        yield* packLines(out);
        out = [];
        outBytes = 0;
      }
    }
    if (last) out.push(last.line);
    yield* packLines(out);
  } finally {
    for (const rest of runs) await rest.return(undefined);
  }
}

/** The head with the least item; among equals the earliest run. At most `fanIn` heads: a scan is cheap. */
function smallest(heads: readonly Head[]): Head {
  let best: Head | undefined;
  for (const head of heads) {
    const item = head.items[head.at];
    const least = best?.items[best.at];
    if (!best || !least || (item && compareItems(item, least) < 0)) best = head;
  }
  if (!best) throw new Error('no runs to merge');
  return best;
}

async function advance(head: Head): Promise<boolean> {
  const next = await head.rest.next();
  head.items = next.done ? [] : next.value;
  head.at = 0;
  return head.items.length > 0;
}

/** Reads a run back in batches of items, and removes it at its end. */
async function* readRun(path: string, kind: LineKind): AsyncGenerator<SortItem[]> {
  const handle = await open(path, 'r');
  try {
    let carry = Buffer.alloc(0);
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      const bytes = Buffer.concat([carry, chunk.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      carry = Buffer.from(bytes.subarray(end));
      if (end === 0) continue;
      yield bytes
        .toString('utf8', 0, end - 1)
        .split('\n')
        .map((line) => itemOf(kind, line));
    }
  } finally {
    await handle.close();
  }
  await rm(path, { force: true });
}

function itemOf(kind: LineKind, line: string): SortItem {
  const keyStart = kind === 'records' ? 7 : 8;
  const keyEnd = quotedEnd(line, keyStart);
  const key = unquoted(line, keyStart, keyEnd);
  if (kind === 'records') return { key, to: '', line };
  const toStart = keyEnd + ',"to":'.length;
  return { key, to: unquoted(line, toStart, quotedEnd(line, toStart)), line };
}

/** Offset after the closing quote of the JSON string that begins at `start`. */
function quotedEnd(line: string, start: number): number {
  let at = start + 1;
  while (at < line.length && line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
  return at + 1;
}

function unquoted(line: string, start: number, end: number): string {
  const text = line.slice(start + 1, end - 1);
  return text.includes('\\') ? (JSON.parse(line.slice(start, end)) as string) : text;
}
