import type { PlatformSchema } from '../connectors/index.js';
import { inOrder, type RunbackError, sha256 } from '../lib/index.js';
import { compareIn, isInteger, type KeyOrder, type ObjectSchema } from '../records/index.js';
import { readEntry } from './container/entry.js';
import { linkSchemaEntry, schemaEntry } from './container/names.js';
import { damaged, damageOf, partDamage, readSmallEntry, type OpenedSnapshot } from './container/opened.js';
import { linesProblem } from './lines/check-lines.js';
import { findRecord, NEWLINE } from './lines/lines.js';
import { NO_SCHEMA, objectSchemaIn, platformIn } from './lines/shapes.js';
import type { Damage, ObjectInfo, PartInfo, SnapshotHeader, SnapshotManifest, SnapshotReader, VerifyReport } from './types.js';
import { sealHolds, verifySnapshot } from './verify.js';

/** Parts held at once: one that is used, the next being unpacked. */
const PARTS_AT_ONCE = 3;
/** Parts that `line` keeps, for keys asked for one after the other. */
const KEPT_PARTS = 2;

/** A snapshot in a zip. Made by `openSnapshot` only. */
export class ZipSnapshotReader implements SnapshotReader {
  readonly #opened: OpenedSnapshot;
  readonly #kept = new Map<string, Promise<Buffer>>();
  #vouched = false;

  constructor(opened: OpenedSnapshot) {
    this.#opened = opened;
  }

  get path(): string {
    return this.#opened.file.path;
  }
  get header(): SnapshotHeader {
    return this.#opened.header;
  }
  get manifest(): SnapshotManifest {
    return this.#opened.manifest;
  }
  get salvaged(): boolean {
    return this.#opened.salvaged === true;
  }

  get digest(): string {
    return this.#opened.digest;
  }
  get damage(): readonly Damage[] {
    return this.#opened.damage;
  }

  async schema(platform: string): Promise<PlatformSchema> {
    const listed = await this.#described(linkSchemaEntry(platform), platformIn);
    const objects: ObjectSchema[] = [];
    for (const object of new Set(listed.objects)) objects.push(await this.#described(schemaEntry(platform, object), objectSchemaIn));
    return { objects, links: listed.links };
  }

  async objectSchema(platform: string, object: string): Promise<ObjectSchema | undefined> {
    const name = schemaEntry(platform, object);
    return Object.hasOwn(this.manifest.entries, name) ? await this.#described(name, objectSchemaIn) : undefined;
  }

  async *lines(
    info: ObjectInfo,
    options: { readonly signal?: AbortSignal; readonly onDamage?: (damage: Damage) => void } = {},
  ): AsyncGenerator<readonly string[]> {
    const read = async (part: PartInfo): Promise<readonly string[]> => {
      try {
        const bytes = await this.partBytes(info, part, options.signal);
        return bytes.toString('utf8', 0, bytes.length - 1).split('\n');
      } catch (error) {
        const damage = damageOf(error);
        if (!damage || !options.onDamage) throw error;
        options.onDamage(damage);
        return [];
      }
    };
    for await (const lines of inOrder(info.parts, PARTS_AT_ONCE, read)) {
      options.signal?.throwIfAborted();
      if (lines.length > 0) yield lines;
    }
  }

  async line(info: ObjectInfo, key: string): Promise<string | undefined> {
    const part = partOf(info, key);
    if (!part) return undefined;
    const bytes = await this.#keptPart(info, part);
    const start = findRecord(bytes, key);
    return start === -1 ? undefined : bytes.toString('utf8', start, bytes.indexOf(NEWLINE, start));
  }

  async partBytes(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    const why = (reason: string): RunbackError => damaged(this.path, partDamage(info, part, reason));
    const entry = this.#opened.directory.entries.get(part.name);
    if (!entry) throw why('it is not in the file');
    let bytes: Buffer;
    try {
      bytes = await readEntry(this.#opened.file, entry, part.bytes);
    } catch (error) {
      throw why(error instanceof Error ? error.message : String(error));
    }
    if (sha256(bytes) !== part.sha256) throw why('its bytes are not those that were written');
    const problem = this.#vouched
      ? undefined
      : linesProblem({ kind: 'from' in info ? 'links' : 'records', order: info.order ?? 'text' }, bytes, part);
    if (problem !== undefined) throw why(problem);
    return bytes;
  }

  /**
   * Tells the digest that was recorded when the snapshot was made, if any. A file that has it is one that we wrote: its
   * lines are not looked at one by one any more.
   */
  vouch(recorded: string | undefined): void {
    this.#vouched = recorded === this.digest && !this.salvaged;
  }

  verify(options: Parameters<SnapshotReader['verify']>[0] = {}): Promise<VerifyReport> {
    return verifySnapshot(this, this.#opened, options);
  }

  /** Undefined where the file's bytes are those that were sealed when it was written, else in words what is wrong. */
  checkSeal(signal?: AbortSignal): Promise<string | undefined> {
    return sealHolds(this.#opened, signal);
  }

  close(): Promise<void> {
    this.#kept.clear();
    return this.#opened.file.close();
  }

  /** A part for `line`, kept for the next call. */
  #keptPart(info: ObjectInfo, part: PartInfo): Promise<Buffer> {
    const known = this.#kept.get(part.name);
    if (known) return known;
    const bytes = this.partBytes(info, part);
    this.#kept.set(part.name, bytes);
    bytes.catch(() => this.#kept.delete(part.name));
    for (const name of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_PARTS) break;
      this.#kept.delete(name);
    }
    return bytes;
  }

  /** A schema entry, checked against its digest and for its shape. */
  async #described<T>(name: string, read: (bytes: Buffer) => T | undefined): Promise<T> {
    const bytes = await readSmallEntry(this.#opened, name);
    if (typeof bytes === 'string') throw damaged(this.path, { entry: name, why: bytes });
    const value = read(bytes);
    if (value === undefined) throw damaged(this.path, { entry: name, why: NO_SCHEMA });
    return value;
  }
}

/** The one part whose key range holds `key`. */
function partOf({ parts, order = 'text' }: { readonly parts: readonly PartInfo[]; readonly order?: KeyOrder }, key: string): PartInfo | undefined {
  if (order === 'integer' && !isInteger(key)) return undefined;
  let low = 0;
  let high = parts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const part = parts[middle];
    if (!part) return undefined;
    if (compareIn(order, key, part.firstKey) < 0) high = middle - 1;
    else if (compareIn(order, key, part.lastKey) > 0) low = middle + 1;
    else return part;
  }
  return undefined;
}
