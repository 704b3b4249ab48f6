import type { Appeared, ChangedCell, Evidence, PastWrite, Write } from '../../../src/investigations/index.js';
import type { Value } from '../../../src/records/index.js';
import { RUNBACK } from './ordinary-life.js';
import { DAY, type Came, type Logged, LINKS, type StoryWorld } from './story-world.js';

/** How much of a story can be seen: HubSpot keeps history, a database what its snapshots hold. */
export type View = 'history' | 'two' | 'six' | 'modified';

/** Records and values at one time. */
export interface Kept {
  readonly atMs: number;
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, Readonly<Record<string, Value>>>>;
  readonly links: ReadonlySet<string>;
}

export function keep(world: StoryWorld, atMs: number): Kept {
  const tables = new Map([...world.tables].map(([object, table]) => [object, new Map([...table].map(([key, record]) => [key, { ...record }]))]));
  return { atMs, tables, links: new Set(world.links) };
}

export const SYNCS = [
  { name: 'crm', writesAs: ['INTEGRATION:crm'] },
  { name: 'loyalty', writesAs: ['INTEGRATION:loyalty'] },
  { name: 'mail', writesAs: ['INTEGRATION:mail'] },
  { name: 'erp', writesAs: ['INTEGRATION:erp'] },
];

/** What HubSpot keeps of a property of a contact. */
const VERSIONS = 45;
const CONTROLS = 500;

/** What an investigation would be given of a story. `kept`: the snapshots, the present state last. */
export function evidenceOf(world: StoryWorld, kept: readonly Kept[], view: View): Evidence {
  const [base, now] = [kept[0], kept.at(-1)];
  if (base === undefined || now === undefined) throw new Error('a story has two ends');
  const history = view === 'history';
  const cells: ChangedCell[] = [];
  const drawn = history ? controls(base) : new Map<string, ReadonlySet<string>>();
  const past: PastWrite[] = [];
  for (const [object, records] of base.tables)
    for (const [key, before] of records) {
      const after = now.tables.get(object)?.get(key);
      const isDrawn = drawn.get(object)?.has(key) === true;
      for (const field of Object.keys(before)) {
        const log = (world.log.get(JSON.stringify([object, key, field])) ?? []).slice(-VERSIONS);
        const isChanged = after !== undefined && !same(before[field], after[field]);
        if (history && (isDrawn || isChanged)) past.push(...pastOf(object, key, field, log, base.atMs, isDrawn));
        if (!isChanged) continue;
        const writes = history ? log.filter(({ atMs }) => atMs > base.atMs && atMs <= now.atMs).map(writeOf) : spellWrites(kept, object, key, field);
        const last = view === 'modified' ? lastOf(world, object, key) : undefined;
        const movedFrom = Object.keys(before).find(
          (other) =>
            other !== field &&
            typeof after[field] === 'string' &&
            after[field].length > 2 &&
            same(before[other], after[field]) &&
            !same(before[other], before[field]),
        );
        cells.push({
          object,
          key,
          field,
          base: before[field],
          now: after[field],
          writes,
          ...(history
            ? {
                earlier: log
                  .filter(({ atMs }) => atMs <= base.atMs)
                  .map((one) => one.before)
                  .reverse(),
              }
            : {}),
          ...(movedFrom === undefined ? {} : { movedFrom }),
          ...(last === undefined ? {} : { last }),
        });
      }
    }
  return {
    cells,
    appeared: appearedOf(world, kept, history),
    past: {
      writes: past,
      days: history ? Math.round((base.atMs - world.startMs) / DAY) : 0,
      each: new Map([...base.tables].map(([object, records]) => [object, Math.max(1, records.size / CONTROLS)])),
      created: history
        ? world.came
            .filter(({ change, atMs, object, key }) => change === 'created' && atMs <= base.atMs && drawn.get(object)?.has(key) === true)
            .map(cameOf)
        : [],
      spells: kept.slice(1).map(({ atMs }, i) => (atMs - (kept[i]?.atMs ?? 0)) / DAY),
    },
    schemaOf: (object, field) => world.schemaOf(object, field),
    fromMs: base.atMs,
    toMs: now.atMs,
    rows: new Map([...base.tables].map(([object, records]) => [object, records.size])),
    syncs: SYNCS,
    own: RUNBACK.writer,
    history,
  };
}

export function same(a: Value | undefined, b: Value | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function controls(base: Kept): Map<string, ReadonlySet<string>> {
  // Every so many records, in an order that means nothing.
  return new Map(
    [...base.tables].map(([object, records]) => [object, new Set([...records.keys()].sort((a, b) => mixed(a) - mixed(b)).slice(0, CONTROLS))]),
  );
}

const mixed = (key: string): number => Math.imul(Number(key), 0x9e3779b1) >>> 0;

function writeOf({ atMs, before, after, writer, maker }: Logged): Write {
  return { atMs, before, after, writer, maker };
}

function pastOf(object: string, key: string, field: string, log: readonly Logged[], baseMs: number, drawn: boolean): readonly PastWrite[] {
  return log.filter(({ atMs }) => atMs <= baseMs).map((one) => ({ ...writeOf(one), object, key, field, drawn }));
}

function spellWrites(kept: readonly Kept[], object: string, key: string, field: string): readonly Write[] {
  const writes: Write[] = [];
  for (let spell = 0; spell + 1 < kept.length; spell += 1) {
    const [before, after] = [kept[spell], kept[spell + 1]].map((one) => one?.tables.get(object)?.get(key)?.[field]);
    if (!same(before, after)) writes.push({ before, after, spell });
  }
  return writes;
}

function lastOf(world: StoryWorld, object: string, key: string): { readonly writer: string; readonly atMs: number } | undefined {
  let last: Logged | undefined;
  for (const { name } of world.schemas.get(object) ?? []) {
    const entry = world.log.get(JSON.stringify([object, key, name]))?.at(-1);
    if (entry !== undefined && (last === undefined || entry.atMs >= last.atMs)) last = entry;
  }
  return last === undefined ? undefined : { writer: last.writer, atMs: last.atMs };
}

function cameOf({ change, object, key, atMs, writer, maker }: Came): Appeared {
  return { change, object, key, atMs, writer, maker };
}

function appearedOf(world: StoryWorld, kept: readonly Kept[], history: boolean): readonly Appeared[] {
  const found: Appeared[] = [];
  const nameOf = (record: Readonly<Record<string, Value>> | undefined): string =>
    JSON.stringify([record?.['firstname'] ?? record?.['name'], record?.['lastname'], record?.['phone']]);
  const names = new Set([...(kept[0]?.tables.get('contacts')?.values() ?? [])].map(nameOf));
  for (let spell = 0; spell + 1 < kept.length; spell += 1) {
    const [before, after] = [kept[spell] as Kept, kept[spell + 1] as Kept];
    const isLast = kept.at(-1) as Kept;
    const gone = new Set<string>();
    for (const [object, records] of before.tables)
      for (const key of records.keys())
        if (after.tables.get(object)?.has(key) === false) {
          // When is told, and by whom is not.
          const atMs = history ? world.came.find((one) => one.change === 'deleted' && one.object === object && one.key === key)?.atMs : undefined;
          found.push({ change: 'deleted', object, key, spell, ...(atMs === undefined ? {} : { atMs }) });
          gone.add(key);
        }
    for (const [object, records] of after.tables)
      for (const [key, record] of records) {
        if (before.tables.get(object)?.has(key) !== false || isLast.tables.get(object)?.has(key) !== true) continue;
        const made = history ? world.came.find((one) => one.change === 'created' && one.object === object && one.key === key) : undefined;
        found.push({
          ...(made === undefined ? { change: 'created', object, key, spell } : cameOf(made)),
          twin: object === 'contacts' && names.has(nameOf(record)),
        });
      }
    for (const link of before.links)
      if (!after.links.has(link) && !gone.has(link.split(' ')[0] ?? '')) found.push({ change: 'unlinked', object: LINKS, key: link, spell });
    for (const link of after.links) if (!before.links.has(link)) found.push({ change: 'linked', object: LINKS, key: link, spell });
  }
  return found;
}
