import { sha256 } from '../../lib/index.js';
import { changesFolder, partEntry, wasFolder } from '../container/names.js';
import type { PartSink } from '../container/parts.js';
import { compareLines, keyAt, keyEnd, type LineOrder, NEWLINE } from '../lines/lines.js';
import { type Place, skipEqual } from '../lines/skip-equal.js';
import type { PartInfo, StoredChanges } from '../types.js';
import { goneLine } from './change-lines.js';

/** Bytes after which a part of changes is written: readers hold one of each snapshot of a chain. */
const PART_BYTES = 256 << 10;

/** Changes that are always stored as such, however few records there are. */
const FEW = 1000;
/** Beyond this share of the records before, changes cost readers more than everything. */
const MOST_CHANGED = 0.2;

/** So much differs from the snapshot before that one which holds everything is smaller and quicker to read. */
export class TooMuchChanged extends Error {}

/**
 * Takes the parts of what a platform gives, one after the other, and writes what differs from an earlier snapshot, and
 * what that was. `before` gives the lines of that one, in the same order. Memory: a part of each, and two of changes.
 */
export class ChangeWriter implements PartSink {
  readonly #changes: LineParts;
  readonly #was: LineParts;
  #old: Place = { bytes: Buffer.alloc(0), at: 0 };
  #ended = false;
  #rows = 0;

  constructor(
    container: PartSink,
    folder: string,
    private readonly lines: LineOrder,
    private readonly before: AsyncGenerator<Buffer>,
    /** Records of that one: where more than a part of them differs, `add` and `finish` throw {@link TooMuchChanged}. */
    private readonly rowsBefore: number,
  ) {
    this.#changes = new LineParts(container, changesFolder(folder));
    this.#was = new LineParts(container, wasFolder(folder));
  }

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
    return { rows: this.#rows, parts: await this.#changes.finish(), was: await this.#was.finish() };
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
    const place = now ?? old;
    if (place === undefined) return;
    const key = keyAt(this.lines.kind, place.bytes, place.at, place.bytes.length);
    const is = now === undefined ? goneLine(place.bytes, place.at, keyEnd(this.lines.kind, place.bytes, place.at)) : lineOf(now);
    this.#rows += 1;
    if (this.#rows > Math.max(FEW, MOST_CHANGED * this.rowsBefore)) throw new TooMuchChanged('Too much has changed since the snapshot before');
    await this.#changes.add(key, is);
    if (old !== undefined) await this.#was.add(key, lineOf(old));
    for (const each of [now, old]) if (each !== undefined) each.at = nextLine(each);
  }
}

/** Lines, in parts. */
class LineParts {
  readonly #parts: PartInfo[] = [];
  #lines: Buffer[] = [];
  #bytes = 0;
  #firstKey = '';
  #lastKey = '';

  constructor(
    private readonly container: PartSink,
    private readonly folder: string,
  ) {}

  /** Takes a line for good. */
  async add(key: string, line: Buffer): Promise<void> {
    if (this.#bytes === 0) this.#firstKey = key;
    this.#lastKey = key;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= PART_BYTES) await this.#cut();
  }

  async finish(): Promise<readonly PartInfo[]> {
    if (this.#bytes > 0) await this.#cut();
    return this.#parts;
  }

  async #cut(): Promise<void> {
    const bytes = Buffer.concat(this.#lines, this.#bytes);
    const name = partEntry(this.folder, this.#parts.length + 1);
    const { length: rows } = this.#lines;
    this.#parts.push({ name, rows, bytes: bytes.length, sha256: sha256(bytes), firstKey: this.#firstKey, lastKey: this.#lastKey });
    this.#lines = [];
    this.#bytes = 0;
    await this.container.add(name, bytes);
  }
}

/** The present line, with its newline, in memory of its own. */
const lineOf = (place: Place): Buffer => Buffer.from(place.bytes.subarray(place.at, nextLine(place)));

function nextLine({ bytes, at }: Place): number {
  return bytes.indexOf(NEWLINE, at) + 1;
}
