import {
  describeThere,
  inWords,
  type Connector,
  type LineBatch,
  type Platform,
  type PlatformSchema,
  unknownWithheld,
} from '../../connectors/index.js';
import {
  type CallOptions,
  canonicalJson,
  type Clock,
  defined,
  inOrder,
  isRunbackError,
  type Reporter,
  RunbackError,
  sha256,
  silentReporter,
} from '../../lib/index.js';
import { type LinkSchema, type ObjectSchema } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import { isLink, linesOf as linesIn, sameIn } from '../changes/chain.js';
import { ChangeWriter } from '../changes/change-writer.js';
import { headerBytes, manifestBytes } from '../container/manifest.js';
import { dataFolder, HEADER_ENTRY, linkFolder, linkName, linkSchemaEntry, MANIFEST_ENTRY, schemaEntry } from '../container/names.js';
import { partBuffers, PartWriter, type PartSizes } from '../container/parts.js';
import { ContainerWriter } from '../container/writer.js';
import type { Decryption, Encryption } from '../encryption/age.js';
import type { LineOrder } from '../lines/lines.js';
import { sortLines, SortRoom, type SortLimits } from '../lines/sort.js';
import type { SnapshotStorage } from '../storage/storage.js';
import type {
  ImportedFrom,
  LinkInfo,
  ObjectInfo,
  PlatformMoments,
  RefusedObject,
  SnapshotHeader,
  SnapshotManifest,
  SnapshotReader,
  SnapshotSet,
  SyncDuring,
} from '../types.js';
import { type Changed, readChanged } from './changed.js';
import { changesDuring } from './changes-during.js';
import { doubtOf, linesOf, linkBatches, type Told } from './reading.js';

export interface CreateSnapshotRequest {
  readonly platforms: readonly Platform[];
  /** Only these object types, of those a platform declares; each must exist on one of the platforms. */
  readonly objects?: readonly string[];
  /** Who asked for it. */
  readonly by: string;
  readonly note?: string;
  /**
   * An earlier snapshot of the same platforms to build on: only what differs from it is stored, and it can no longer be
   * deleted before this one. It has to be readable as a whole; reading it costs what reading any does. The caller closes
   * it.
   */
  readonly base?: SnapshotReader;
  /** Store everything although there is a `base`: of that, only what the platform says has not changed is taken. */
  readonly whole?: true;
  /**
   * Where there is a `base` and the platform can tell what has changed since, only that is read; but everything where it
   * was read as long ago as this, in milliseconds. Absent: everything is read.
   */
  readonly readAllAfterMs?: number;
  /** Name of the backup job that takes it, for its notes. */
  readonly job?: string;
  /**
   * The records come from a file that was exported at `takenAt` (ISO 8601, UTC), and the platform of the request reads
   * that file.
   */
  readonly imported?: { readonly takenAt: string; readonly from: Omit<ImportedFrom, 'at'> };
  /** The job will judge it: until then it is suspect. */
  readonly watched?: true;
  /** Say in the manifest what ran and what changed while it was read. */
  readonly set?: SetRequest;
}

/** What is to be known of the syncs between the platforms of a snapshot. */
export interface SetRequest {
  readonly syncs: SnapshotSet['syncs'];
  /** How each sync that writes there is now; never rejects for one that cannot be asked. */
  readonly states: () => Promise<readonly { readonly sync: string; readonly state: SyncDuring['before']; readonly why?: string }[]>;
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
  /** Encrypts what is written; without it, it is plain. */
  readonly encryption?: Encryption;
  /** Reads it back, where it is encrypted and may be read here. */
  readonly keys?: Decryption;
  readonly partSizes?: PartSizes;
  readonly sortLimits?: SortLimits;
}

/** Parts of the snapshot that is built on, held at once. */
const PARTS_AT_ONCE = 2;
/** A platform may tell its time a second early. */
const TOLD_MS = 1000;

/** What was written: as a reader tells it. */
export type Written = Pick<SnapshotReader, 'header' | 'manifest' | 'digest' | 'encrypted'>;

/** One writing of one snapshot. */
export class WritingSession {
  readonly #entries: Record<string, string> = {};
  readonly #objects: ObjectInfo[] = [];
  readonly #links: LinkInfo[] = [];
  readonly #refused: RefusedObject[] = [];
  readonly #reporter: Reporter;
  readonly #buffers = partBuffers();
  readonly #room = new SortRoom();
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

  async write(): Promise<Written> {
    const { platforms } = this.request;
    await this.#small(HEADER_ENTRY, headerBytes(this.header));
    const statesBefore = (await this.request.set?.states()) ?? [];
    const described: { platform: Platform; schema: PlatformSchema }[] = [];
    const opened: Connector[] = [];
    try {
      // All views are opened before any is read, so that the moments lie close together.
      for (const { connector } of platforms) {
        await connector.beginRead?.(this.options);
        opened.push(connector);
      }
      for (const platform of platforms) {
        const schema = await this.#describe(platform);
        described.push({ platform, schema });
        this.#tellUnknown(platform, schema);
        const now = platform.connector.now?.();
        if (now !== undefined) this.#begunAt.set(platform, now);
      }
      this.#requireAll();
      for (const { platform, schema } of described) await this.#platform(platform, schema);
    } finally {
      for (const connector of opened) await connector.endRead?.();
    }
    const moments = this.#moments();
    const set = await this.#set(described, moments, statesBefore);
    const unsigned: Omit<SnapshotManifest, 'sha256'> = {
      version: this.header.version,
      id: this.header.id,
      header: this.header,
      finishedAt: this.deps.clock.now().toISOString(),
      ...(moments.length === 0 ? {} : { moments }),
      ...defined({ set }),
      objects: this.#objects,
      links: this.#links,
      entries: this.#entries,
      bases: this.#stored === undefined ? [] : [...this.#stored.manifest.bases, this.#stored.manifest.id],
      refused: this.#refused,
    };
    const bytes = manifestBytes(unsigned);
    await this.container.add(MANIFEST_ENTRY, bytes);
    const manifest: SnapshotManifest = { ...unsigned, sha256: sha256(canonicalJson(unsigned)) };
    return { header: this.header, manifest, digest: sha256(bytes), encrypted: this.deps.encryption !== undefined };
  }

  #moments(): readonly PlatformMoments[] {
    return [...this.#begunAt].map(([{ name, connector }, begun]) => {
      const ended = (connector.now?.() ?? begun).getTime() + TOLD_MS;
      return { platform: name, startedAt: begun.toISOString(), finishedAt: new Date(ended).toISOString() };
    });
  }

  /** What ran and what changed while everything was read: asked after the views are closed, which would not show it. */
  async #set(
    described: readonly { readonly platform: Platform; readonly schema: PlatformSchema }[],
    moments: readonly PlatformMoments[],
    statesBefore: Awaited<ReturnType<SetRequest['states']>>,
  ): Promise<SnapshotSet | undefined> {
    const { set } = this.request;
    if (set === undefined) return undefined;
    const statesAfter = new Map((await set.states()).map((one) => [one.sync, one]));
    const states = statesBefore.map(({ sync, state, why }): SyncDuring => {
      const after = statesAfter.get(sync);
      return { sync, before: state, after: after?.state ?? 'unknown', ...defined({ why: why ?? after?.why }) };
    });
    const wasRead = new Set(this.#objects.map(({ platform, object }) => canonicalJson([platform, object])));
    const read = described.map(({ platform, schema }) => {
      const own = moments.find((one) => one.platform === platform.name);
      return {
        platform,
        objects: schema.objects.filter(({ object }) => wasRead.has(canonicalJson([platform.name, object]))),
        from: own === undefined ? undefined : new Date(own.startedAt),
        to: own === undefined ? undefined : new Date(own.finishedAt),
      };
    });
    this.#reporter.progress({ task: 'Asking what was changed while it was read', done: 0, unit: 'records' });
    const found = await changesDuring(read, this.options);
    if (found.changed > 0)
      this.#reporter.note(`${found.changed} ${found.changed === 1 ? 'record was' : 'records were'} changed while this snapshot was taken`);
    return { syncs: set.syncs, states, ...found };
  }

  async #describe(platform: Platform): Promise<PlatformSchema> {
    const { objects } = this.request;
    const options = { ...this.options, withheld: true } as const;
    this.#reporter.progress({ task: `Describing ${platform.name}`, done: 0, unit: 'object types' });
    // With one platform, its connector knows best how to say that a name is wrong.
    if (objects && this.request.platforms.length === 1) {
      for (const object of objects) this.#found.add(object);
      return platform.connector.describe(objects, options);
    }
    const { schema, missing } = await describeThere(platform.connector, platform.objects, options);
    for (const { object, why } of missing) if (!objects) this.#leaveOut(platform, object, why);
    if (!objects) return schema;
    const wanted = schema.objects.filter(({ object }) => objects.includes(object));
    for (const { object } of wanted) this.#found.add(object);
    const names = new Set(wanted.map(({ object }) => object));
    return { objects: wanted, links: schema.links.filter(({ from, to }) => names.has(from) && names.has(to)) };
  }

  /** A misspelt field that must not be stored would be. */
  #tellUnknown({ name, neverStore }: Platform, schema: PlatformSchema): void {
    const here = new Set(schema.objects.map(({ object }) => object));
    const wanted = Object.fromEntries(Object.entries(neverStore ?? {}).filter(([object]) => here.has(object)));
    for (const field of unknownWithheld(schema, wanted)) this.#reporter.note(`never_store of ${name} names ${field}, which is not there`);
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

  /**
   * Reads something that these credentials may turn out not to see: that costs itself, not the others. True where it
   * was read.
   */
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
    this.#begun = false;
    const { connector } = platform;
    const what = `${platform.name}/${schema.object}`;
    const { ordered, census } = connector.capabilities;
    // What is sorted here is sorted by bytes.
    const order = ordered ? (schema.keyOrder ?? 'text') : 'text';
    const told: Told = {};
    let repeated = 0;
    const changed = ordered ? undefined : await this.#changed(platform, schema);
    const lines = ordered
      ? (connector.readLines?.(schema, this.options) ?? linesOf(connector, schema, told, this.options))
      : (changed?.lines ?? this.#sorted('records', linesOf(connector, schema, told, this.options), () => void (repeated += 1)));
    const written = await this.#parts(
      { folder: dataFolder(platform.name, schema.object), lines: { kind: 'records', order }, what },
      this.#before(this.#stored, { platform: platform.name, object: schema.object }, { kind: 'records', order }),
      lines,
      { task: `Reading ${schema.label ?? schema.object} of ${platform.name}`, unit: 'records' },
    );
    repeated += written.duplicates;
    const unproved = census ? doubtOf(repeated, told.total, written.parts.rows) : undefined;
    if (unproved !== undefined)
      this.#reporter.note(`${what}: ${unproved}. Each of these records is in the snapshot once; take the snapshot again to be sure of the others.`);
    this.#objects.push({
      platform: platform.name,
      object: schema.object,
      ...(order === 'text' ? {} : { order }),
      census: census && unproved === undefined,
      ...defined({ unproved }),
      ...written.parts,
      ...defined({ askedSince: changed?.asked }),
      withheld: schema.withheld ?? [],
    });
  }

  /** What an object type holds, made of the snapshot before and of what has changed; undefined where everything is to be read. */
  async #changed(platform: Platform, schema: ObjectSchema): Promise<Changed | undefined> {
    const { base, readAllAfterMs } = this.request;
    const before = this.#before(base, { platform: platform.name, object: schema.object }, { kind: 'records', order: 'text' });
    if (base === undefined || before === undefined || readAllAfterMs === undefined) return undefined;
    const linesBefore = (): AsyncGenerator<Buffer> => this.#linesOf(before);
    const sort = (lines: AsyncIterable<LineBatch>): AsyncGenerator<LineBatch> => this.#sorted('records', lines, () => {});
    return await readChanged({ platform, schema, base, before, readAllAfterMs, clock: this.deps.clock, linesBefore, sort }, this.options);
  }

  #sorted(kind: LineOrder['kind'], lines: AsyncIterable<LineBatch>, onDuplicate: () => void): AsyncGenerator<LineBatch> {
    return sortLines(lines, {
      kind,
      scratch: () => this.storage.scratch(`${this.header.id}.zip`),
      ...(this.deps.sortLimits ? { limits: this.deps.sortLimits } : {}),
      room: this.#room,
      onDuplicate,
      signal: this.options.signal,
    });
  }

  async #link(platform: Platform, link: LinkSchema): Promise<void> {
    const { connector } = platform;
    const folder = linkFolder(platform.name, link);
    const what = `${platform.name}/${linkName(link)}`;
    const read = linkBatches(connector, link, this.options);
    const batches = connector.capabilities.ordered ? read : this.#sorted('links', read, () => {});
    const lines: LineOrder = { kind: 'links', order: 'text' };
    const { parts } = await this.#parts(
      { folder, lines, what },
      this.#before(this.#stored, { platform: platform.name, object: linkName(link) }, lines),
      batches,
      {
        task: `Reading links ${link.from} to ${link.to} of ${platform.name}`,
        unit: 'links',
      },
    );
    const { from, to, kind } = link;
    this.#links.push({ platform: platform.name, object: linkName(link), from, to, kind, census: connector.capabilities.census, ...parts });
  }

  /** The snapshot that this one builds on, as it is stored. */
  get #stored(): SnapshotReader | undefined {
    return this.request.whole === true ? undefined : this.request.base;
  }

  /** The same in an earlier snapshot, where it lies in the same order. */
  #before(base: SnapshotReader | undefined, of: Pick<ObjectInfo, 'platform' | 'object'>, lines: LineOrder): ObjectInfo | undefined {
    const found = base && sameIn(base.manifest, of, lines.kind === 'links');
    return found !== undefined && isLink(found) === (lines.kind === 'links') && linesIn(found).order === lines.order ? found : undefined;
  }

  /** Writes what is read as parts, or where there is something to build on, as changes of that. */
  async #parts(
    { folder, lines, what }: { readonly folder: string; readonly lines: LineOrder; readonly what: string },
    before: ObjectInfo | undefined,
    batches: AsyncIterable<LineBatch>,
    { task, unit }: { readonly task: string; readonly unit: string },
  ): Promise<{ readonly parts: Pick<ObjectInfo, 'rows' | 'digest' | 'parts' | 'changes'>; readonly duplicates: number }> {
    const changes = before && new ChangeWriter(this.container, folder, lines, this.#linesOf(before), before.rows);
    const writer = new PartWriter(
      changes ?? this.container,
      folder,
      lines,
      what,
      this.deps.partSizes,
      this.#buffers,
      changes && lines.kind === 'links',
    );
    let done = 0;
    this.#begun = false;
    try {
      for await (const batch of batches) {
        this.options.signal?.throwIfAborted();
        this.#begun = true;
        await writer.add(batch);
        done += batch.ends.length;
        this.#reporter.progress({ task, done, unit });
      }
      const written = await writer.finish();
      this.#reporter.progress({ task, done: written.rows, total: written.rows, unit });
      return { parts: { ...written, ...defined({ changes: await changes?.finish() }) }, duplicates: writer.duplicates };
    } finally {
      await changes?.close();
    }
  }

  /** The lines of the earlier snapshot, part by part. */
  async *#linesOf(info: ObjectInfo): AsyncGenerator<Buffer> {
    const { base } = this.request;
    if (base !== undefined) yield* inOrder(info.parts, PARTS_AT_ONCE, async (part) => await base.partBytes(info, part, this.options.signal));
  }

  async #small(name: string, bytes: Buffer): Promise<void> {
    this.#entries[name] = sha256(bytes);
    await this.container.add(name, bytes);
  }
}
