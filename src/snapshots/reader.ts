import type { PlatformSchema } from '../connectors/index.js';
import { inOrder, messageOf, type RunbackError, sha256 } from '../lib/index.js';
import { compareIn, isInteger, type KeyOrder, type ObjectSchema } from '../records/index.js';
import { changesSince } from './changes/between.js';
import { type Layer, linesOf, madeOf } from './changes/chain.js';
import { type Change, type ChangeLines, changeLinesIn, changesIn } from './changes/change-lines.js';
import { readStored } from './container/entry.js';
import { linkSchemaEntry, MANIFEST_ENTRY, schemaEntry } from './container/names.js';
import { damaged, damageOf, partDamage, readSmallEntry, type OpenedSnapshot } from './container/opened.js';
import { isKnownAs } from './forget/forgotten.js';
import { linesProblem } from './lines/check-lines.js';
import { findRecord, NEWLINE } from './lines/lines.js';
import { NO_SCHEMA, objectSchemaIn, platformIn } from './lines/shapes.js';
import { cannotBeHad } from './storage/storage.js';
import type {
  Damage,
  NetChange,
  ObjectInfo,
  PartInfo,
  SnapshotBase,
  SnapshotHeader,
  SnapshotManifest,
  SnapshotReader,
  VerifyReport,
} from './types.js';
import { sealHolds, verifySnapshot } from './verify.js';

/** Parts held at once: one that is used, the next being unpacked. */
const PARTS_AT_ONCE = 3;
/** Parts that `line` keeps, for keys asked for one after the other. */
const KEPT_PARTS = 2;
/** Parts of a base that are kept for the parts made of it: as many as are read at once, the one that two share, and the next. */
const KEPT_STORED = PARTS_AT_ONCE + 2;

/** Opens the snapshot that another builds on. */
export type OpenBase = (base: SnapshotBase) => Promise<ZipSnapshotReader>;

/** A snapshot in a zip. Made by `openSnapshot` only. */
export class ZipSnapshotReader implements SnapshotReader, Layer {
  readonly #opened: OpenedSnapshot;
  readonly #openBase: OpenBase | undefined;
  readonly #kept = new Map<string, Promise<Buffer>>();
  readonly #stored = new Map<string, Promise<Buffer>>();
  readonly #changes = new Map<string, Promise<ChangeLines>>();
  #base: Promise<ZipSnapshotReader> | undefined;
  /** The part that was made last. */
  #madeLast: PartInfo | undefined;
  #vouched = false;

  /** `openBase`: without it, what builds on another snapshot cannot be read. */
  constructor(opened: OpenedSnapshot, openBase?: OpenBase) {
    this.#opened = opened;
    this.#openBase = openBase;
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

  get vouched(): boolean {
    return this.#vouched;
  }
  get digest(): string {
    return this.#opened.digest;
  }
  get encrypted(): boolean {
    return this.#opened.directory.entries.get(MANIFEST_ENTRY)?.encrypted === true;
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

  async partBytes(info: ObjectInfo, part: PartInfo, signal?: AbortSignal, every = false): Promise<Buffer> {
    signal?.throwIfAborted();
    const { bytes, asWritten } =
      info.changes === undefined ? await this.#readStored(info, part) : { bytes: await this.#made(info, part, signal), asWritten: false };
    if ((every || !asWritten || !this.#vouched) && sha256(bytes) !== part.sha256)
      throw this.#damaged(
        info,
        part,
        info.changes === undefined ? 'its bytes are not those that were written' : 'what it is made of is not what was written',
      );
    const problem = this.#vouched ? undefined : linesProblem(linesOf(info), bytes, part);
    if (problem !== undefined) throw this.#damaged(info, part, problem);
    return bytes;
  }

  /** The bytes of an entry that holds changes, checked against its digest. Throws as `partBytes`. */
  async changeBytes(info: ObjectInfo, part: PartInfo): Promise<Buffer> {
    const bytes = await this.#read(info, part);
    if (sha256(bytes) !== part.sha256) throw this.#damaged(info, part, 'its bytes are not those that were written');
    return bytes;
  }

  async stored(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    return await kept(this.#stored, part.name, KEPT_STORED, async () => await this.#read(info, part));
  }

  async changes(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<ChangeLines> {
    signal?.throwIfAborted();
    return await kept(this.#changes, part.name, KEPT_PARTS, async () => {
      const changes = changeLinesIn(linesOf(info), await this.#read(info, part));
      if (changes === undefined) throw this.#noChanges(info, part);
      return changes;
    });
  }

  async checkedChanges(info: ObjectInfo, parts: readonly PartInfo[], signal?: AbortSignal): Promise<readonly Change[]> {
    const all: Change[] = [];
    const read = async (part: PartInfo): Promise<readonly Change[]> => this.#changesIn(info, part, await this.changeBytes(info, part));
    for await (const changes of inOrder(parts, PARTS_AT_ONCE, read)) {
      signal?.throwIfAborted();
      for (const change of changes) all.push(change);
    }
    return all;
  }

  #changesIn(info: ObjectInfo, part: PartInfo, bytes: Buffer): readonly Change[] {
    const changes = changesIn(linesOf(info), bytes);
    if (changes === undefined) throw this.#noChanges(info, part);
    return changes;
  }

  #noChanges(info: ObjectInfo, part: PartInfo): RunbackError {
    return this.#damaged(info, part, 'it does not hold changes');
  }

  async changesSince(id: string, info: ObjectInfo, signal?: AbortSignal): Promise<readonly NetChange[] | undefined> {
    if (!this.manifest.bases.includes(id)) return undefined;
    try {
      return await changesSince(this, info, id, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      // What is damaged or gone is named by whoever reads the parts.
      return undefined;
    }
  }

  base(): Promise<ZipSnapshotReader> {
    this.#base ??= this.#findBase();
    return this.#base;
  }

  async #findBase(): Promise<ZipSnapshotReader> {
    const { base } = this.header;
    if (base === undefined || this.#openBase === undefined)
      throw new Error(`the snapshot that it builds on${base ? `, ${base.id},` : ''} is not at hand`);
    const reader = await this.#openBase(base);
    if (isKnownAs(reader, base.digest) && !reader.salvaged) return reader;
    await reader.close();
    throw new Error(`${base.id} is not the snapshot that it builds on`);
  }

  /** Bytes of an entry, as many as the manifest says. */
  async #read(info: ObjectInfo, part: PartInfo): Promise<Buffer> {
    const { stored: _notAsked, ...rest } = part;
    return (await this.#readStored(info, rest)).bytes;
  }

  async #readStored(info: ObjectInfo, part: PartInfo): ReturnType<typeof readStored> {
    const entry = this.#opened.directory.entries.get(part.name);
    if (!entry) throw this.#damaged(info, part, 'it is not in the file');
    try {
      return await readStored(this.#opened.file, entry, part);
    } catch (error) {
      if (cannotBeHad(error)) throw error;
      throw this.#damaged(info, part, messageOf(error));
    }
  }

  /** Bytes of a part that is made of others. */
  async #made(info: ObjectInfo, part: PartInfo, signal: AbortSignal | undefined): Promise<Buffer> {
    // Whoever reads one part after the other will want the next.
    const before = info.parts[info.parts.indexOf(part) - 1];
    const ahead = before !== undefined && before === this.#madeLast;
    this.#madeLast = part;
    try {
      return await madeOf(this, info, part, ahead, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (cannotBeHad(error)) throw error;
      const below = damageOf(error);
      throw this.#damaged(info, part, below === undefined ? messageOf(error) : `what it is made of cannot be read: ${below.entry}: ${below.why}`);
    }
  }

  #damaged(info: ObjectInfo, part: PartInfo, why: string): RunbackError {
    return damaged(this.path, partDamage(info, part, why));
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

  async close(): Promise<void> {
    // What was read ahead must not find its file closed.
    await Promise.allSettled(this.#stored.values());
    for (const memory of [this.#kept, this.#stored, this.#changes]) memory.clear();
    const base = await this.#base?.catch(() => undefined);
    await base?.close();
    await this.#opened.file.close();
  }

  /** A part for `line`, kept for the next call. */
  #keptPart(info: ObjectInfo, part: PartInfo): Promise<Buffer> {
    return kept(this.#kept, part.name, KEPT_PARTS, async () => await this.partBytes(info, part));
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

/** What was made under a name, or is made now; only so many are remembered, the newest. */
function kept<T>(memory: Map<string, Promise<T>>, name: string, most: number, make: () => Promise<T>): Promise<T> {
  const known = memory.get(name);
  if (known) return known;
  const made = make();
  memory.set(name, made);
  made.catch(() => memory.delete(name));
  for (const old of memory.keys()) {
    if (memory.size <= most) break;
    memory.delete(old);
  }
  return made;
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
