import type { LineBatch } from '../../connectors/index.js';
import { heapify, sink } from './heap.js';
import { LineOut } from './line-out.js';
import { compareLines, NEWLINE, type LineOrder } from './lines.js';

/** Whole lines in their order, piece by piece; the bytes of a piece may be used again once the next is asked for. */
export type SortedRun = AsyncGenerator<Buffer>;

/** A run being read: its present line, and where it stands among the runs. */
interface Head {
  readonly rest: SortedRun;
  readonly place: number;
  bytes: Buffer;
  at: number;
}

export interface MergeOptions {
  readonly lines: LineOrder;
  /** Told of each line that is left out, since a later run has one with its key. */
  readonly onDuplicate: () => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Merges sorted runs; of lines with one key that of the latest run is kept. The bytes of a batch are good until the
 * next one is asked for.
 */
export async function* mergeRuns(runs: readonly SortedRun[], { lines, onDuplicate, signal }: MergeOptions): AsyncGenerator<LineBatch> {
  try {
    const heads: Head[] = [];
    for (const [place, rest] of runs.entries()) {
      const head: Head = { rest, place, bytes: Buffer.alloc(0), at: 0 };
      if (await advance(head)) heads.push(head);
    }
    const comesFirst = (a: Head, b: Head): boolean => (compareLines(lines, a.bytes, a.at, b.bytes, b.at) || a.place - b.place) < 0;
    heapify(heads, comesFirst);
    const out = new LineOut(lines, onDuplicate);
    for (let [head] = heads; head !== undefined; [head] = heads) {
      const end = head.bytes.indexOf(NEWLINE, head.at) + 1;
      out.add(head.bytes, head.at, end);
      head.at = end;
      if (end >= head.bytes.length && !(await advance(head))) {
        const last = heads.pop();
        if (last !== undefined && last !== head) heads[0] = last;
      }
      sink(heads, 0, comesFirst);
      if (!out.isFull) continue;
      signal?.throwIfAborted();
      yield out.give();
    }
    const rest = out.giveRest();
    if (rest !== undefined) yield rest;
  } finally {
    for (const rest of runs) await rest.return(undefined);
  }
}

async function advance(head: Head): Promise<boolean> {
  const next = await head.rest.next();
  head.bytes = next.done === true ? Buffer.alloc(0) : next.value;
  head.at = 0;
  return head.bytes.length > 0;
}
