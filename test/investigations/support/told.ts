import type { RecordHistory } from '../../../src/connectors/index.js';
import type { Evidence } from '../../../src/investigations/index.js';
import { pastWrites } from '../../../src/investigations/reading/history.js';
import { KeptPast } from '../../../src/investigations/reading/past.js';
import { ToldCells } from '../../../src/investigations/reading/told-cells.js';
import { historyOf, schemaWith } from './sampled.js';
import { DAY, type StoryWorld } from './story-world.js';
import { evidenceOf, type Kept } from './views.js';

/** What the platform makes of a record's history before it tells it: fewer entries, other times, another order. */
export type Telling = (history: RecordHistory, object: string, key: string) => RecordHistory;

/** The evidence of a story whose histories go the way that those of a platform go, from the answer to the cell. */
export function toldEvidence(world: StoryWorld, kept: readonly Kept[], tell: Telling, most = 45): Evidence {
  const seen = evidenceOf(world, kept, 'history');
  const { fromMs, toMs } = seen;
  const cells: Evidence['cells'][number][] = [];
  const past = new KeptPast(() => world.dice.next());
  for (const object of world.tables.keys()) {
    const changed = new Map<string, { field: string; before: unknown; after: unknown; movedFrom?: string }[]>();
    for (const { object: of, key, field, base, now, movedFrom } of seen.cells) {
      if (of !== object) continue;
      const cell = { field, before: base, after: now, ...(movedFrom === undefined ? {} : { movedFrom }) };
      changed.set(key, [...(changed.get(key) ?? []), cell]);
    }
    const schema = schemaWith(
      object,
      (world.schemas.get(object) ?? []).flatMap(({ name }) => world.schemaOf(object, name) ?? []),
    );
    const records = [...changed].map(([key, some]) => ({ key, cells: some as never }));
    const told = new ToldCells({ schema, changed: records, fromMs, toMs, most });
    const drawn = new Set(seen.past.writes.flatMap((write) => (write.drawn && write.object === object ? [write.key] : [])));
    for (const key of new Set([...changed.keys(), ...drawn])) {
      const history = tell(historyOf(world, object, key, toMs), object, key);
      told.add(key, history);
      past.add(pastWrites(object, key, history, fromMs, drawn.has(key)).filter(({ atMs = 0 }) => atMs >= fromMs - 30 * DAY));
    }
    for (const { key } of records) cells.push(...(told.of(key) ?? []));
  }
  return { ...seen, cells, past: { ...seen.past, writes: past.all() } };
}
