import type { FieldChange, RecordHistory } from '../../../src/connectors/index.js';
import type { KnownSync, SampledPast } from '../../../src/investigations/index.js';
import type { FieldSchema, ObjectSchema } from '../../../src/records/index.js';
import { RUNBACK } from './ordinary-life.js';
import { cellName, DAY, type StoryWorld } from './story-world.js';

/** Records of a day, as the program draws them. */
const PER_DAY = 20;
const VERSIONS = 45;

/** What a sample of a story would be at a time: so many records of each day by when they were changed last, with all their histories. */
export function sampledPast(world: StoryWorld, nowMs: number, syncs: readonly KnownSync[]): SampledPast {
  const objects = [...world.tables].map(([object, table]) => {
    const plans = world.schemas.get(object) ?? [];
    const schema = schemaWith(
      object,
      plans.flatMap(({ name }) => world.schemaOf(object, name) ?? []),
    );
    const byDay = new Map<number, string[]>();
    const told = new Map([...table.keys()].map((key) => [key, historyOf(world, object, key, nowMs)]));
    for (const [key, { fields }] of told) {
      const last = Math.max(...Object.values(fields).map(([newest]) => Date.parse(newest?.at ?? '')));
      const day = Math.floor((nowMs - last) / DAY);
      if (day >= 0 && day < 30) byDay.set(day, [...(byDay.get(day) ?? []), key]);
    }
    const keys = [...byDay.values()].flatMap((some) => world.dice.some(some, PER_DAY));
    return { schema, histories: new Map(keys.map((key) => [key, told.get(key) ?? { fields: {} }])) };
  });
  return { objects, nowMs, syncs, own: RUNBACK.writer };
}

/** As the platform tells it: newest first, with the value that a record was made with. */
export function historyOf(world: StoryWorld, object: string, key: string, nowMs: number): RecordHistory {
  const made = world.came.find((one) => one.change === 'created' && one.object === object && one.key === key);
  const madeAt = new Date(made?.atMs ?? world.startMs - 30 * DAY).toISOString();
  const fields: Record<string, readonly FieldChange[]> = {};
  for (const { name } of world.schemas.get(object) ?? []) {
    const log = (world.log.get(cellName(object, key, name)) ?? []).filter(({ atMs }) => atMs <= nowMs);
    const first = log[0] === undefined ? (world.table(object).get(key)?.[name] ?? null) : log[0].before;
    const changes: FieldChange[] = log.map(({ after, atMs, writer, maker }) => ({ value: after, at: new Date(atMs).toISOString(), writer, maker }));
    fields[name] = [{ value: first, at: madeAt, writer: made?.writer ?? 'IMPORT:1' }, ...changes].reverse().slice(0, VERSIONS);
  }
  return { fields, created: { at: madeAt, writer: made?.writer ?? 'IMPORT:1' } };
}

export function schemaWith(object: string, fields: readonly FieldSchema[]): ObjectSchema {
  return { object, keyFields: [], fields, createWithKey: false, undelete: false, sideEffects: [] };
}

/** Contacts with some fields of text. */
export function contactSchema(names: readonly string[]): ObjectSchema {
  return schemaWith(
    'contacts',
    names.map((name) => ({ name, type: 'string', platformType: 'string', readOnly: false })),
  );
}
