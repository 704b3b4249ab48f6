import type { Platform } from '../../connectors/index.js';
import { type CallOptions, defined } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import { comparable, type Damage, type NotCompared, type SnapshotReader } from '../../snapshots/index.js';
import { lookUp } from '../start/look-up.js';
import type { FoundStart, Start } from '../start/types.js';
import type { Evidence, KnownSync } from '../types.js';
import { addAppeared } from './appeared.js';
import { changesOf } from './changes.js';
import { numbersFrom } from './draw.js';
import { cutLinks } from './links.js';
import { KeptPast } from './past.js';
import { changesBySpells } from './spells.js';
import { type Gathering, type Time, withHistory } from './with-history.js';

const DAY_MS = 86_400_000;

/** What an investigation looks at. */
export interface GatherRequest {
  readonly platform: Platform;
  /** Snapshots of it, the oldest first; the last one is the present state. At least two. */
  readonly readers: readonly SnapshotReader[];
  /** Object types; all that the snapshots hold by default. */
  readonly objects?: readonly string[];
  readonly syncs: readonly KnownSync[];
  /** Days before the base in which ordinary work is looked for. */
  readonly days: number;
  /** Ask for the history of every changed record, and not of samples where these show nothing. */
  readonly everything?: boolean;
  /** Where a person starts: of what changed there, and what changed like it, no history is left to a sample. */
  readonly start?: Start;
}

/** How the evidence was come by, for people. */
export interface Reading {
  /** Records that differ, and those of them whose history was read. */
  readonly changed: number;
  readonly asked: number;
  /** Records drawn by chance. */
  readonly drawn: number;
  /** Cells whose history was not read, since a sample of theirs showed ordinary work only. */
  readonly bySample: number;
  /** Cells of records that were asked for, and that the platform no longer has. */
  readonly gone: number;
  /** Cells of which the history does not tell who wrote what stands there. */
  readonly untold: number;
  /** Cells whose oldest change that the platform keeps is younger than the base. */
  readonly cut: number;
  /** Cells with a write whose time may be an hour later: clocks were set back, and it has no zone. */
  readonly unsure: number;
  readonly notCompared: readonly NotCompared[];
}

export interface Gathered {
  readonly evidence: Evidence;
  readonly reading: Reading;
  readonly schemas: readonly ObjectSchema[];
  /** Where the person started, looked up; absent where nothing was given. */
  readonly start?: FoundStart;
}

/**
 * Reads what differs between the oldest snapshot and the present, who wrote it, as far as the platform tells, and what
 * writers did before. Changes nothing. Throws what the connector and `lookUp` throw; a part of a snapshot that cannot be
 * read is told.
 */
export async function gather(request: GatherRequest, options: CallOptions = {}): Promise<Gathered> {
  const { platform, readers, syncs } = request;
  const [base, now] = [readers[0] as SnapshotReader, readers.at(-1) as SnapshotReader];
  const history = platform.connector.capabilities.history === 'field';
  const [fromMs, toMs] = [edgeOf(base, platform.name, 'startedAt'), edgeOf(now, platform.name, 'finishedAt')];
  const scope = comparable(base, now, platform.name);
  const reading = { changed: 0, asked: 0, drawn: 0, bySample: 0, gone: 0, untold: 0, cut: 0, unsure: 0, notCompared: [...scope.notCompared] };
  const past = new KeptPast(numbersFrom(base.digest));
  const gathering: Gathering = { cells: [], appeared: [], past, created: [], each: new Map(), told: new Map(), reading };
  const schemas = new Map<string, ObjectSchema>();
  const rows = new Map<string, number>();
  for (const object of scope.objects.filter((name) => request.objects?.includes(name) !== false)) {
    const schema = await now.objectSchema(platform.name, object);
    if (schema === undefined) continue;
    schemas.set(object, schema);
    rows.set(object, base.manifest.objects.find((info) => info.platform === platform.name && info.object === object)?.rows ?? 0);
  }
  const all = [...schemas.values()];
  const start = request.start && (await lookUp(request.start, [base, now], platform.name, all));
  for (const schema of all) await gatherObject({ ...request, ...defined({ found: start }) }, schema, { fromMs, toMs }, gathering, options);
  const wanted = (name: string): boolean =>
    name
      .split('~')
      .slice(0, 2)
      .some((end) => schemas.has(end));
  const links = await cutLinks(readers, platform.name, scope.links.filter(wanted), gathering.appeared, options);
  for (const link of links) gathering.appeared.push(link);
  const evidence: Evidence = {
    cells: gathering.cells,
    appeared: gathering.appeared,
    past: {
      writes: past.all(),
      days: history && past.isKnown ? Math.min(request.days, ...gathering.told.values()) : 0,
      each: gathering.each,
      created: gathering.created,
      spells: readers.slice(1).map((reader, i) => daysBetween(readers[i] as SnapshotReader, reader, platform.name)),
    },
    schemaOf: (object, field) => schemas.get(object)?.fields.find(({ name }) => name === field),
    fromMs,
    toMs,
    rows,
    syncs,
    history,
    ...defined({ own: platform.identity.writer }),
  };
  return { evidence, reading, schemas: all, ...defined({ start }) };
}

/** When reading of a platform began or ended, by its own clock where it told. */
export function edgeOf({ header, manifest }: SnapshotReader, platform: string, edge: 'startedAt' | 'finishedAt'): number {
  const moments = manifest.moments?.find((one) => one.platform === platform);
  return Date.parse(moments?.[edge] ?? (edge === 'startedAt' ? header.startedAt : manifest.finishedAt));
}

function daysBetween(a: SnapshotReader, b: SnapshotReader, platform: string): number {
  return (edgeOf(b, platform, 'startedAt') - edgeOf(a, platform, 'startedAt')) / DAY_MS;
}

/** A request whose starting point is looked up. */
type Located = GatherRequest & { readonly found?: FoundStart };

async function gatherObject(request: Located, schema: ObjectSchema, time: Time, to: Gathering, options: CallOptions): Promise<void> {
  const { platform, readers } = request;
  const { object } = schema;
  const [base, now] = [readers[0] as SnapshotReader, readers.at(-1) as SnapshotReader];
  const onDamage = ({ entry, firstKey = '?', lastKey = '?', why }: Damage): void =>
    void to.reading.notCompared.push({
      platform: platform.name,
      kind: 'records',
      name: object,
      why: `${firstKey} to ${lastKey} (${entry}) cannot be read: ${why}`,
    });
  if (platform.connector.capabilities.history === 'field') {
    const { changed, appeared } = await changesOf([base, now], platform.name, schema, 0, onDamage, options);
    to.reading.changed += changed.length;
    const { days, everything = false, found } = request;
    await withHistory({ platform, base, days, everything, found, ...time }, schema, changed, to, options);
    await addAppeared(request, schema, appeared, to, options);
    return;
  }
  const { cells, appeared, changed, asked } = await changesBySpells(request, schema, onDamage, options);
  to.reading.changed += changed;
  to.reading.asked += asked;
  for (const cell of cells) to.cells.push(cell);
  await addAppeared(request, schema, appeared, to, options);
}
