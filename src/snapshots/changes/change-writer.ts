import { sha256 } from '../../lib/index.js';
import { partEntry } from '../container/names.js';
import type { PartSink } from '../container/parts.js';
import { compareLines, keyAt, type LineOrder, NEWLINE } from '../lines/lines.js';
import { type Place, skipEqual } from '../lines/skip-equal.js';
import type { PartInfo, StoredChanges } from '../types.js';
import { changesIn, wasLine } from './change-lines.js';

/** Bytes after which a part of changes is written: readers hold one of each snapshot of a chain. */
const PART_BYTES = 256 << 10;

/**
 * Takes the parts of what a platform gives, one after the other, and writes what differs from an earlier snapshot.
 * `before` gives the lines of that one, in the same order. Memory: a part of each, and one of changes.
 */
export class ChangeWriter implements PartSink {
  readonly #parts: PartInfo[] = [];
  #rows = 0;
  #lines: Buffer[] = [];
  #bytes = 0;
  #old: Place = { bytes: Buffer.alloc(0), at: 0 };
  #ended = false;

  constructor(
    private readonly container: PartSink,
    private readonly folder: string,
    private readonly lines: LineOrder,
    private readonly before: AsyncGenerator<Buffer>,
  ) {}

  /** Takes the lines of one part. Their bytes may be reused once this resolves. */
  async add(_name: string, bytes: Buffer): Promise<void> {
    const now: Place = { bytes, at: 0 };
    while (now.at < bytes.length) {
      if (!(await this.#hasOld())) {
        await this.#changed(now, undefined);
        continue;
      }
      skipEqual(this.#old, now);
      if (now.at >= bytes.length || this.#old.at >= this.#old.bytes.length) continue;
      const order = compareLines(this.lines, this.#old.bytes, this.#old.at, bytes, now.at);
      await this.#changed(order >= 0 ? now : undefined, order <= 0 ? this.#old : undefined);
    }
  }

  /** What is left of the earlier snapshot is gone. Resolves when all changes are in the container. */
  async finish(): Promise<StoredChanges> {
    while (await this.#hasOld()) await this.#changed(undefined, this.#old);
    await this.#flush();
    return { rows: this.#rows, parts: this.#parts };
  }

  /** Ends reading the earlier snapshot. */
  async close(): Promise<void> {
    await this.before.return(undefined);
  }

  async #hasOld(): Promise<boolean> {
    while (this.#old.at >= this.#old.bytes.length && !this.#ended) {
      const next = await this.before.next();
      this.#ended = next.done === true;
      this.#old = { bytes: next.done === true ? Buffer.alloc(0) : next.value, at: 0 };
    }
    return !this.#ended;
  }

  /** Writes down one change, and goes behind its lines. */
  async #changed(now: Place | undefined, old: Place | undefined): Promise<void> {
    if (now !== undefined) this.#put(Buffer.from(now.bytes.subarray(now.at, (now.at = nextLine(now)))));
    if (old !== undefined) this.#put(wasLine(old.bytes, old.at, (old.at = nextLine(old)) - 1));
    this.#rows += 1;
    if (this.#bytes >= PART_BYTES) await this.#flush();
  }

  #put(line: Buffer): void {
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  async #flush(): Promise<void> {
    if (this.#bytes === 0) return;
    const bytes = Buffer.concat(this.#lines, this.#bytes);
    const changes = changesIn(this.lines, bytes) ?? [];
    const keyOf = (n: number): string => {
      const change = changes.at(n);
      return change === undefined ? '' : keyAt(this.lines.kind, change.bytes, change.at, change.bytes.length);
    };
    const name = partEntry(this.folder, this.#parts.length + 1);
    this.#parts.push({ name, rows: this.#lines.length, bytes: bytes.length, sha256: sha256(bytes), firstKey: keyOf(0), lastKey: keyOf(-1) });
    this.#lines = [];
    this.#bytes = 0;
    await this.container.add(name, bytes);
  }
}

function nextLine({ bytes, at }: Place): number {
  return bytes.indexOf(NEWLINE, at) + 1;
}
