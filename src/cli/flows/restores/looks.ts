import { defined, isRunbackError } from '../../../lib/index.js';
import { type Fields, namesOf, ownValue, parseRecordLine } from '../../../records/index.js';
import type { Plan, PlanHeader, PlanLine } from '../../../restores/index.js';
import type { Catalog, SnapshotReader } from '../../../snapshots/index.js';
import type { OpenPlan, RecordRef } from '../../prompts/operator-deps.js';
import type { Session } from '../../session/session.js';
import { type Looks, noLooks, type RecordLook } from '../../views/restores/record.js';

/** What of a plan's header names its records. */
type NamedBy = Pick<PlanHeader, 'base' | 'damaged' | 'platform' | 'pages' | 'history'>;

/** As {@link looksIn}, for a plan by its id, whatever its lines hold. One that cannot be read names nobody. */
export async function looksOfPlan(session: Session, plan: string, records: Iterable<RecordRef>): Promise<Looks> {
  const lines = (): AsyncIterable<string> => session.store.ledger('plans', plan).read();
  const header = await quietly(async () => {
    for await (const line of lines()) return namedBy(line);
    return undefined;
  });
  if (header === undefined) return noLooks;
  const parsed = async function* (): AsyncGenerator<RecordRef> {
    for await (const line of lines()) yield JSON.parse(line) as RecordRef;
  };
  const named = header.history === undefined ? records : await quietly(() => namedBySome(parsed(), records));
  return await looksIn(await session.catalog(), header, named ?? records);
}

/** As {@link looksIn}, for a plan and records that were found by it: where no snapshot names them, its lines do. */
export async function looksBy(catalog: Pick<Catalog, 'open'>, plan: Plan, records: Iterable<RecordRef>): Promise<Looks> {
  const known = plan.header.history === undefined ? records : await namedBySome(plan.lines(), records);
  return await looksIn(catalog, plan.header, known);
}

/** Records with the names that some lines give them. */
async function namedBySome(lines: AsyncIterable<RecordRef | PlanLine>, records: Iterable<RecordRef>): Promise<readonly RecordRef[]> {
  const wanted = new Map([...records].map((record) => [nameOf(record), record]));
  let open = [...wanted.values()].filter(({ called }) => called === undefined).length;
  for await (const line of lines) {
    if (open === 0) break;
    if (!('called' in line) || line.called === undefined) continue;
    const record = wanted.get(nameOf(line));
    if (record === undefined || record.called !== undefined) continue;
    wanted.set(nameOf(line), { ...record, called: line.called });
    open -= 1;
  }
  return [...wanted.values()];
}

function namedBy(line: string): NamedBy | undefined {
  try {
    const header = JSON.parse(line) as Partial<NamedBy>;
    const { base, damaged, platform, pages, history } = header;
    if (typeof base?.snapshot !== 'string' || typeof damaged?.snapshot !== 'string' || typeof platform !== 'string') return undefined;
    return { base, damaged, platform, ...defined({ pages, history }) };
  } catch {
    return undefined;
  }
}

/** The records that lines of a plan are about; of links, both. */
export function recordsOf(lines: readonly PlanLine[]): readonly RecordRef[] {
  return lines.flatMap((line): RecordRef[] => {
    if (line.kind === 'change' && 'link' in line) return [line.from, line.to];
    if (line.kind === 'conflict' && line.change !== undefined && 'link' in line.change) return [line, line.change.from, line.change.to];
    return [line];
  });
}

/** A plan with the names of its records. */
export function openPlanOf(session: Pick<Session, 'catalog'>, plan: Plan): OpenPlan {
  const { header, schema } = plan;
  return {
    summary: plan,
    schema,
    lines: () => plan.lines(),
    looks: async (records) => await looksIn(await session.catalog(), header, records),
  };
}

/**
 * How people know records: by what tells of them, the good snapshot, else the one of the damage, where a record is new. A
 * snapshot that is gone, or cannot be read there, names nobody, and stops nothing.
 */
export async function looksIn(catalog: Pick<Catalog, 'open'>, header: NamedBy, records: Iterable<RecordRef>): Promise<Looks> {
  const found = new Map<string, RecordLook>();
  const wanted = new Map([...records].map((record) => [nameOf(record), record]));
  for (const [name, { called }] of wanted) if (called !== undefined) found.set(name, called);
  // A plan from history has none.
  const snapshots = header.history === undefined ? [header.base.snapshot, header.damaged.snapshot] : [];
  for (const snapshot of snapshots) {
    const open = [...wanted].filter(([name]) => !found.has(name));
    if (open.length > 0) await namedIn(catalog, snapshot, header.platform, open, found);
  }
  return (object, key) => {
    const page = header.pages?.[object]?.replaceAll('{key}', encodeURIComponent(key));
    return { ...found.get(nameOf({ object, key })), ...defined({ page }) };
  };
}

async function namedIn(
  catalog: Pick<Catalog, 'open'>,
  snapshot: string,
  platform: string,
  wanted: readonly (readonly [string, RecordRef])[],
  found: Map<string, RecordLook>,
): Promise<void> {
  const reader = await quietly(() => catalog.open(snapshot));
  if (reader === undefined) return;
  try {
    for (const [name, { object, key }] of wanted) {
      const line = await quietly(() => lineOf(reader, platform, object, key));
      if (line === undefined) continue;
      const { fields, meta } = parseRecordLine(line);
      const holds = { ...meta, ...fields };
      found.set(name, { ...namesOf(holds), ...defined({ owner: ownerOf(holds) }) });
    }
  } finally {
    await reader.close();
  }
}

/** Fields that name the owner of a record, as the platforms we know call them. */
const OWNERS = ['hubspot_owner_id', 'OwnerId', 'owner_id', 'owner'];

/** The id of whoever owns a record on its platform. */
export function ownerOf(fields: Fields): string | undefined {
  const owner = OWNERS.map((name) => ownValue(fields, name)).find((value) => typeof value === 'string' || typeof value === 'number');
  return owner === undefined || owner === '' ? undefined : String(owner);
}

async function lineOf(reader: SnapshotReader, platform: string, object: string, key: string): Promise<string | undefined> {
  const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
  return info && (await reader.line(info, key));
}

async function quietly<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'interrupted') throw error;
    return undefined;
  }
}

const nameOf = ({ object, key }: RecordRef): string => JSON.stringify([object, key]);
