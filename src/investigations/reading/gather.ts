import type { Platform, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, defined } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import { comparable, type Damage, type NotCompared, type SnapshotReader } from '../../snapshots/index.js';
import { cellFits, namesCells } from '../start/fits.js';
import { lookUp } from '../start/look-up.js';
import type { FoundStart, Start } from '../start/types.js';
import type { Appeared, ChangedCell, Evidence, KnownSync, PastWrite } from '../types.js';
import { addAppeared } from './appeared.js';
import { cellWith } from './cell-with.js';
import { type ChangedRecord, changesOf } from './changes.js';
import { drawRecords, numbersFrom } from './draw.js';
import { historiesOf, pastWrites } from './history.js';
import { cutLinks } from './links.js';
import { keysToAsk } from './sample.js';
import { changesBySpells } from './spells.js';

/** Records of an object type that are drawn to learn what is ordinary. */
const DRAWN = 500;
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
  readonly notCompared: readonly NotCompared[];
}

export interface Gathered {
  readonly evidence: Evidence;
  readonly reading: Reading;
  readonly schemas: readonly ObjectSchema[];
  /** Where the person started, looked up; absent where nothing was given. */
  readonly start?: FoundStart;
}

/** One object type on its way into the evidence. */
interface Gathering {
  readonly cells: ChangedCell[];
  readonly appeared: Appeared[];
  readonly past: PastWrite[];
  readonly created: Appeared[];
  readonly each: Map<string, number>;
  /** Days before the base of which the history tells, by object type, where that is fewer than were asked for. */
  readonly told: Map<string, number>;
  readonly reading: { changed: number; asked: number; drawn: number; bySample: number; gone: number; notCompared: NotCompared[] };
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
  const reading = { changed: 0, asked: 0, drawn: 0, bySample: 0, gone: 0, notCompared: [...scope.notCompared] };
  const gathering: Gathering = { cells: [], appeared: [], past: [], created: [], each: new Map(), told: new Map(), reading };
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
  for (const schema of all) await gatherObject({ ...request, ...defined({ found: start }) }, schema, fromMs, gathering, options);
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
      writes: gathering.past,
      days: history && gathering.past.length > 0 ? Math.min(request.days, ...gathering.told.values()) : 0,
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

/** Of how many whole days before the base the history tells: part of a day says nothing of what is usual. */
function daysTold(histories: Iterable<RecordHistory>, fromMs: number, days: number): number {
  const begins = [...histories].flatMap((one) => (one.begins === undefined ? [] : [Date.parse(one.begins)]));
  return Math.max(0, Math.min(days, ...begins.map((ms) => Math.floor((fromMs - ms) / DAY_MS))));
}

/** A request whose starting point is looked up. */
type Located = GatherRequest & { readonly found?: FoundStart };

async function gatherObject(request: Located, schema: ObjectSchema, fromMs: number, to: Gathering, options: CallOptions): Promise<void> {
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
    await withHistory(request, schema, changed, fromMs, to, options);
    await addAppeared(request, schema, appeared, to, options);
    return;
  }
  const { cells, appeared, changed, asked } = await changesBySpells(request, schema, onDamage, options);
  to.reading.changed += changed;
  to.reading.asked += asked;
  for (const cell of cells) to.cells.push(cell);
  await addAppeared(request, schema, appeared, to, options);
}

/** Cells with who wrote them, and what drawn records tell of the time before. */
async function withHistory(
  { platform, readers, days, everything = false, found }: Located,
  schema: ObjectSchema,
  changed: readonly ChangedRecord[],
  fromMs: number,
  to: Gathering,
  options: CallOptions,
): Promise<void> {
  const { object } = schema;
  const base = readers[0] as SnapshotReader;
  const info = base.manifest.objects.find((one) => one.platform === platform.name && one.object === object);
  const fields = [...new Set(changed.flatMap(({ cells }) => cells.map(({ field }) => field)))].sort();
  if (info === undefined || fields.length === 0) return;
  const sinceMs = fromMs - days * DAY_MS;
  const drawn = await drawRecords(base, info, DRAWN, numbersFrom(base.digest));
  to.each.set(object, Math.max(1, info.rows / Math.max(1, drawn.length)));
  to.reading.drawn += drawn.length;
  const drawnKeys = new Set(drawn.map(({ key }) => key));
  const told = new Map(await historiesOf(platform, schema, [...drawnKeys], fields, options));
  const known = daysTold(told.values(), fromMs, days);
  if (known < days) to.told.set(object, known);
  for (const [key, one] of told) {
    to.past.push(...pastWrites(object, key, one, fromMs, true).filter(({ atMs = 0 }) => atMs >= sinceMs));
    const born = Date.parse(one.created?.at ?? '');
    if (born >= sinceMs && born < fromMs)
      to.created.push({ change: 'created', object, key, atMs: born, ...defined({ writer: one.created?.writer, maker: one.created?.maker }) });
  }
  const gone = new Set([...drawnKeys].filter((key) => !told.has(key)));
  const ask = async (keys: readonly string[]): Promise<void> => {
    const fresh = [...new Set(keys)].filter((key) => !told.has(key) && !gone.has(key));
    for (const [key, one] of await historiesOf(platform, schema, fresh, fields, options)) {
      told.set(key, one);
      to.past.push(...pastWrites(object, key, one, fromMs, drawnKeys.has(key)).filter(({ atMs = 0 }) => atMs >= sinceMs));
    }
    for (const key of fresh) if (!told.has(key)) gone.add(key);
  };
  const asked = everything
    ? undefined
    : await keysToAsk(schema, changed, told, ask, {
        ...to,
        fromMs,
        rows: info.rows,
        days: known,
        own: platform.identity.writer,
        isStart: (key, field, after) => found !== undefined && namesCells(found) && cellFits(found, object, key, field, after),
      });
  if (asked === undefined) await ask(changed.map(({ key }) => key));
  for (const { key, cells } of changed) {
    const one = told.get(key);
    if (one === undefined) to.reading[gone.has(key) ? 'gone' : 'bySample'] += cells.length;
    else {
      to.reading.asked += 1;
      for (const cell of cells) to.cells.push(cellWith(object, key, cell, one, fromMs));
    }
  }
}
