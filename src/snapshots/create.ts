import { describeThere, inWords, type Connector, type LineBatch, type Platform, type PlatformSchema, type RecordBatch } from '../connectors/index.js';
import {
  type CallOptions,
  canonicalJson,
  type Clock,
  defined,
  isRunbackError,
  newId,
  type Reporter,
  RunbackError,
  sha256,
  silentReporter,
} from '../lib/index.js';
import { linkLine, recordLine, type LinkSchema, type ObjectSchema } from '../records/index.js';
import type { Store } from '../store/index.js';
import { FORMAT_VERSION, headerBytes, manifestBytes } from './container/manifest.js';
import { dataFolder, HEADER_ENTRY, linkFolder, linkName, linkSchemaEntry, MANIFEST_ENTRY, schemaEntry } from './container/names.js';
import { openStored } from './container/open.js';
import { partBuffers, PartWriter, type PartSizes } from './container/parts.js';
import { ContainerWriter } from './container/writer.js';
import { packLines } from './lines/line-batches.js';
import type { LineOrder } from './lines/lines.js';
import { sortLines, type SortLimits } from './lines/sort.js';
import { notesOf, recordMade } from './records.js';
import { folderStorage } from './storage/folder.js';
import type { SnapshotStorage, StoredFile } from './storage/storage.js';
import { summaryOf } from './summary.js';
import type {
  LinkInfo,
  ObjectInfo,
  PlatformMoments,
  RefusedObject,
  SnapshotHeader,
  SnapshotManifest,
  SnapshotReader,
  SnapshotSummary,
} from './types.js';

export interface CreateSnapshotRequest {
  readonly platforms: readonly Platform[];
  /** Only these object types, of those a platform declares; each must exist on one of the platforms. */
  readonly objects?: readonly string[];
  /** Who asked for it. */
  readonly by: string;
  readonly note?: string;
}

export interface CreateSnapshotDeps {
  /** Folder of snapshots. */
  readonly dir: string;
  readonly store: Store;
  readonly clock: Clock;
  /** Do not record it: it is thrown away before anybody could ask for it. */
  readonly unrecorded?: boolean;
  /** Where to write instead of `dir`. */
  readonly storage?: SnapshotStorage;
  readonly partSizes?: PartSizes;
  readonly sortLimits?: SortLimits;
}

/**
 * Reads the platforms and writes one snapshot: complete, or not there at all. Nothing is changed on any platform.
 *
 * An object type that is wanted and cannot be read (a view, no key, gone, not for these credentials) does not cost the others: it is one
 * of the summary's `gaps`, as is one that was read without proof that this was all. A read that breaks off fails the snapshot.
 *
 * Before it appears under its name, the file is read back: every byte against the digest of what was written, then
 * directory, header, schemas and manifest as any reader would. (Unpacking everything again would cost as much as the
 * snapshot; `verify` does that.) Left-overs of killed writers are removed first.
 *
 * Throws what the connectors throw, `object-unsupported` for an object type asked for that no platform has or that it
 * refuses, `disk-full`, `disk-denied`, and the signal's reason when aborted; no file is left then.
 */
export async function createSnapshot(request: CreateSnapshotRequest, deps: CreateSnapshotDeps, options: CallOptions = {}): Promise<SnapshotSummary> {
  const storage = deps.storage ?? folderStorage(deps.dir);
  await removeLeftovers(storage, deps.store, request.by);
  const id = newId('snap', deps.clock, [...(await storage.list()).map(({ name }) => name), ...(await storage.unfinished())]);
  const name = `${id}.zip`;
  const lock = await deps.store.lock(lockName(name), { by: request.by, holder: id, purpose: 'writing a snapshot' });
  try {
    const header = headerOf(request, id, deps.clock);
    let manifest: SnapshotManifest | undefined;
    try {
      await storage.put(
        name,
        async (sink) => {
          const container = await ContainerWriter.begin(sink, new Date(header.startedAt));
          try {
            manifest = await new Session(request, deps, options, storage, header, container).write();
            await container.finish();
          } catch (error) {
            container.abort();
            throw error;
          }
        },
        async (file) => {
          options.signal?.throwIfAborted();
          const { digest, manifest: read } = await checkWritten(file, manifest);
          // Before the file appears: one that is there was recorded, whenever the writer dies.
          if (deps.unrecorded !== true) await recordMade(deps, id, { digest, by: request.by, manifest: read });
        },
      );
    } catch (error) {
      if (deps.unrecorded !== true)
        await notesOf(deps.store, id)
          .delete()
          .catch(() => undefined);
      throw error;
    } finally {
      await storage.discard(name);
    }
    const file = await storage.open(name);
    const reader = await openStored(file);
    try {
      return summaryOf(reader, storage.pathOf(name), file.bytes, deps.unrecorded === true ? undefined : await notesOf(deps.store, id).read());
    } finally {
      await reader.close();
    }
  } finally {
    await lock.release();
  }
}

function lockName(name: string): string {
  return `snapshot-${name.replace(/\.zip$/, '')}`;
}

/** Removes partial files and scratch folders whose writer is dead, and its lock where it left nothing else; a living one holds its lock. */
async function removeLeftovers(storage: SnapshotStorage, store: Store, by: string): Promise<void> {
  const dead = (await store.locks()).filter(({ name, alive }) => name.startsWith('snapshot-') && !alive);
  const left = new Set([...(await storage.unfinished()), ...dead.map(({ name }) => `${name.slice('snapshot-'.length)}.zip`)]);
  for (const name of left) {
    try {
      const lock = await store.lock(lockName(name), { by, holder: name, purpose: 'removing an unfinished snapshot' }, { breakDead: true });
      try {
        await storage.discard(name);
        if (!(await storage.list()).some((stored) => stored.name === name)) await notesOf(store, name.replace(/\.zip$/, '')).delete();
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (!isRunbackError(error, 'locked')) throw error;
    }
  }
}

function headerOf(request: CreateSnapshotRequest, id: string, clock: Clock): SnapshotHeader {
  return {
    version: FORMAT_VERSION,
    id,
    kind: 'full',
    startedAt: clock.now().toISOString(),
    platforms: request.platforms.map(({ name, connector, identity, environment }) => ({
      name,
      connector: connector.kind,
      account: identity.account,
      environment,
      consistent: connector.capabilities.consistentRead,
    })),
    createdBy: request.by,
    ...defined({ note: request.note }),
  };
}

/** A platform may tell its time a second early. */
const TOLD_MS = 1000;

/** One writing of one snapshot. */
class Session {
  readonly #entries: Record<string, string> = {};
  readonly #objects: ObjectInfo[] = [];
  readonly #links: LinkInfo[] = [];
  readonly #refused: RefusedObject[] = [];
  readonly #reporter: Reporter;
  readonly #buffers = partBuffers();
  /** Something of what is being read now has been written: it cannot be left out any more. */
  #begun = false;
  /** When reading began on the platforms that tell, by their own clocks. */
  readonly #begunAt = new Map<Platform, Date>();
  /** Names of `request.objects` found on some platform. */
  readonly #found = new Set<string>();

  constructor(
    private readonly request: CreateSnapshotRequest,
    private readonly deps: CreateSnapshotDeps,
    private readonly options: CallOptions,
    private readonly storage: SnapshotStorage,
    private readonly header: SnapshotHeader,
    private readonly container: ContainerWriter,
  ) {
    this.#reporter = options.reporter ?? silentReporter;
  }

  async write(): Promise<SnapshotManifest> {
    const { platforms } = this.request;
    await this.#small(HEADER_ENTRY, headerBytes(this.header));
    const opened: Connector[] = [];
    try {
      // All views are opened before any is read, so that the moments lie close together.
      for (const { connector } of platforms) {
        await connector.beginRead?.(this.options);
        opened.push(connector);
      }
      const described: { platform: Platform; schema: PlatformSchema }[] = [];
      for (const platform of platforms) {
        described.push({ platform, schema: await this.#describe(platform) });
        const now = platform.connector.now?.();
        if (now !== undefined) this.#begunAt.set(platform, now);
      }
      this.#requireAll();
      for (const { platform, schema } of described) await this.#platform(platform, schema);
    } finally {
      for (const connector of opened) await connector.endRead?.();
    }
    const moments = this.#moments();
    const unsigned: Omit<SnapshotManifest, 'sha256'> = {
      version: FORMAT_VERSION,
      id: this.header.id,
      header: this.header,
      finishedAt: this.deps.clock.now().toISOString(),
      ...(moments.length === 0 ? {} : { moments }),
      objects: this.#objects,
      links: this.#links,
      entries: this.#entries,
      bases: [],
      refused: this.#refused,
    };
    const bytes = manifestBytes(unsigned);
    await this.container.add(MANIFEST_ENTRY, bytes);
    return { ...unsigned, sha256: sha256(canonicalJson(unsigned)) };
  }

  #moments(): readonly PlatformMoments[] {
    return [...this.#begunAt].map(([{ name, connector }, begun]) => {
      const ended = (connector.now?.() ?? begun).getTime() + TOLD_MS;
      return { platform: name, startedAt: begun.toISOString(), finishedAt: new Date(ended).toISOString() };
    });
  }

  async #describe(platform: Platform): Promise<PlatformSchema> {
    const { objects } = this.request;
    this.#reporter.progress({ task: `Describing ${platform.name}`, done: 0, unit: 'object types' });
    // With one platform, its connector knows best how to say that a name is wrong.
    if (objects && this.request.platforms.length === 1) {
      for (const object of objects) this.#found.add(object);
      return platform.connector.describe(objects, this.options);
    }
    const { schema, missing } = await describeThere(platform.connector, platform.objects, this.options);
    for (const { object, why } of missing) if (!objects) this.#leaveOut(platform, object, why);
    if (!objects) return schema;
    const wanted = schema.objects.filter(({ object }) => objects.includes(object));
    for (const { object } of wanted) this.#found.add(object);
    const names = new Set(wanted.map(({ object }) => object));
    return { objects: wanted, links: schema.links.filter(({ from, to }) => names.has(from) && names.has(to)) };
  }

  #requireAll(): void {
    const missing = this.request.objects?.filter((object) => !this.#found.has(object)) ?? [];
    if (missing.length === 0) return;
    throw new RunbackError('object-unsupported', `No platform of this snapshot has ${missing.join(', ')}`, {
      why: `Looked on ${this.request.platforms.map(({ name }) => name).join(', ')}, within the object types that runback.yml names for them.`,
      state: 'No snapshot was made.',
      next: 'Correct the name, or add the object type to the platform in runback.yml.',
    });
  }

  async #platform(platform: Platform, schema: PlatformSchema): Promise<void> {
    const usable = schema.objects.filter((object) => !this.#refuse(platform, object));
    const names = new Set(usable.map(({ object }) => object));
    const links = schema.links.filter(({ from, to }) => names.has(from) && names.has(to));
    const listed = { objects: schema.objects.map(({ object }) => object), links };
    await this.#small(linkSchemaEntry(platform.name), Buffer.from(canonicalJson(listed)));
    for (const object of schema.objects) await this.#small(schemaEntry(platform.name, object.object), Buffer.from(canonicalJson(object)));
    const read = new Set<string>();
    for (const object of usable) if (await this.#orLeaveOut(platform, object.object, () => this.#object(platform, object))) read.add(object.object);
    for (const link of links)
      if (!link.viaFields && read.has(link.from) && read.has(link.to))
        await this.#orLeaveOut(platform, linkName(link), () => this.#link(platform, link));
  }

  /** Reads something that these credentials may turn out not to see: that costs itself, not the others. True where it was read. */
  async #orLeaveOut(platform: Platform, object: string, read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      if (!isRunbackError(error, 'scope-missing') || this.#begun || this.request.objects?.includes(object) === true) throw error;
      this.#leaveOut(platform, object, inWords(error));
      return false;
    }
  }

  #leaveOut(platform: Platform, object: string, why: string): void {
    this.#refused.push({ platform: platform.name, object, why });
    this.#reporter.note(`${platform.name}/${object} is not in this snapshot: ${why}`);
  }

  /** True for an object type that cannot be read: an error where it was asked for by name, else it is left out. */
  #refuse(platform: Platform, { object, refused }: ObjectSchema): boolean {
    if (refused === undefined) return false;
    if (this.request.objects?.includes(object))
      throw new RunbackError('object-unsupported', `${platform.name}/${object} cannot be put into a snapshot`, {
        why: refused,
        state: 'No snapshot was made.',
        next: 'Leave it out, or fix on the platform what prevents it.',
      });
    this.#leaveOut(platform, object, refused);
    return true;
  }

  async #object(platform: Platform, schema: ObjectSchema): Promise<void> {
    const { connector } = platform;
    const what = `${platform.name}/${schema.object}`;
    const { ordered, census } = connector.capabilities;
    // What is sorted here is sorted by bytes.
    const order = ordered ? (schema.keyOrder ?? 'text') : 'text';
    const told: Told = {};
    const lines = ordered ? (connector.readLines?.(schema, this.options) ?? linesOf(connector, schema, told, this.options)) : undefined;
    let repeated = 0;
    const batches =
      lines ??
      sortLines(linesOf(connector, schema, told, this.options), {
        kind: 'records',
        scratch: () => this.storage.scratch(`${this.header.id}.zip`),
        ...(this.deps.sortLimits ? { limits: this.deps.sortLimits } : {}),
        onDuplicate: () => {
          repeated += 1;
        },
        signal: this.options.signal,
      });
    const writer = this.#writer(dataFolder(platform.name, schema.object), { kind: 'records', order }, what);
    const written = await this.#parts(writer, batches, `Reading ${schema.label ?? schema.object} of ${platform.name}`, 'records');
    repeated += writer.duplicates;
    const unproved = census ? doubtOf(repeated, told.total, written.rows) : undefined;
    if (unproved !== undefined)
      this.#reporter.note(`${what}: ${unproved}. Each of these records is in the snapshot once; take the snapshot again to be sure of the others.`);
    this.#objects.push({
      platform: platform.name,
      object: schema.object,
      ...(order === 'text' ? {} : { order }),
      census: census && unproved === undefined,
      ...defined({ unproved }),
      ...written,
    });
  }

  async #link(platform: Platform, link: LinkSchema): Promise<void> {
    const { connector } = platform;
    const folder = linkFolder(platform.name, link);
    const what = `${platform.name}/${linkName(link)}`;
    const batches = connector.capabilities.ordered
      ? linkBatches(connector, link, this.options)
      : sortLines(linkBatches(connector, link, this.options), {
          kind: 'links',
          scratch: () => this.storage.scratch(`${this.header.id}.zip`),
          ...(this.deps.sortLimits ? { limits: this.deps.sortLimits } : {}),
          onDuplicate: () => {},
          signal: this.options.signal,
        });
    const writer = this.#writer(folder, { kind: 'links', order: 'text' }, what);
    const written = await this.#parts(writer, batches, `Reading links ${link.from} to ${link.to} of ${platform.name}`, 'links');
    const { from, to, kind } = link;
    this.#links.push({ platform: platform.name, object: linkName(link), from, to, kind, census: connector.capabilities.census, ...written });
  }

  #writer(folder: string, lines: LineOrder, what: string): PartWriter {
    return new PartWriter(this.container, folder, lines, what, this.deps.partSizes, this.#buffers);
  }

  async #parts(
    writer: PartWriter,
    batches: AsyncIterable<LineBatch>,
    task: string,
    unit: string,
  ): Promise<Awaited<ReturnType<PartWriter['finish']>>> {
    let done = 0;
    this.#begun = false;
    for await (const batch of batches) {
      this.options.signal?.throwIfAborted();
      this.#begun = true;
      await writer.add(batch);
      done += batch.ends.length;
      this.#reporter.progress({ task, done, unit });
    }
    const written = await writer.finish();
    this.#reporter.progress({ task, done: written.rows, total: written.rows, unit });
    return written;
  }

  async #small(name: string, bytes: Buffer): Promise<void> {
    this.#entries[name] = sha256(bytes);
    await this.container.add(name, bytes);
  }
}

/** What a platform says while it is read: how many records there are in all. */
interface Told {
  total?: number;
}

/** Why what was read does not prove that it is all; undefined where it does. */
function doubtOf(repeated: number, total: number | undefined, rows: number): string | undefined {
  if (repeated > 0)
    return `The platform gave ${repeated} ${repeated === 1 ? 'record' : 'records'} more than once: its list changed while it was read, so others may have been missed`;
  if (total !== undefined && total !== rows) return `The platform counts ${total} records, but gave ${rows}`;
  return undefined;
}

async function* linesOf(connector: Connector, schema: ObjectSchema, told: Told, options: CallOptions): AsyncGenerator<LineBatch> {
  for await (const { records } of wholeRead(connector, schema, told, options)) yield* packLines(records.map(recordLine));
}

async function* wholeRead(connector: Connector, schema: ObjectSchema, told: Told, options: CallOptions): AsyncGenerator<RecordBatch> {
  for await (const batch of connector.read({ schema }, options)) {
    if (batch.total !== undefined) told.total = batch.total;
    yield batch;
  }
}

async function* linkBatches(connector: Connector, link: LinkSchema, options: CallOptions): AsyncGenerator<LineBatch> {
  for await (const links of connector.readLinks({ link }, options)) yield* packLines(links.map(linkLine));
}

/** What was written must be what was sealed, and open as a snapshot. Gives what was read back. */
async function checkWritten(file: StoredFile, manifest: SnapshotManifest | undefined): Promise<SnapshotReader> {
  const wrong = (why: string): RunbackError =>
    new RunbackError('snapshot-damaged', 'The snapshot that was just written does not read back as it was written', {
      why,
      state: 'It was removed; nothing was changed on any platform.',
      next: 'Check the disk that holds the folder of snapshots, then run the same command again.',
    });
  const reader = await openStored({ ...file, close: () => Promise.resolve() });
  const broken = await reader.checkSeal();
  if (broken !== undefined) throw wrong(broken);
  if (reader.manifest.sha256 !== manifest?.sha256) throw wrong('The manifest is a different one.');
  if (reader.damage.length > 0) throw wrong(reader.damage[0]?.why ?? '');
  for (const { name } of reader.header.platforms) await reader.schema(name);
  return reader;
}
