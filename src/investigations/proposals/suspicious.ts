import { defined } from '../../lib/index.js';
import { findGroups } from '../groups/find-groups.js';
import { pastWrites, writesOf } from '../reading/history.js';
import { PROPOSALS } from '../thresholds.js';
import type { Cell, ChangedCell, PastWrite } from '../types.js';
import type { SampledPast } from './types.js';

const DAY_MS = 86_400_000;

/**
 * What an investigation of the last days would call damage, or ask about, as far as the sample shows it: a name of each
 * writer and field.
 */
export function suspiciousIn({ objects, nowMs, syncs, own }: SampledPast): ReadonlySet<string> {
  const fromMs = nowMs - PROPOSALS.quietDays * DAY_MS;
  const sinceMs = nowMs - PROPOSALS.days * DAY_MS;
  const cells: ChangedCell[] = [];
  const past: PastWrite[] = [];
  for (const { schema, histories } of objects)
    for (const [key, history] of histories) {
      past.push(...pastWrites(schema.object, key, history, fromMs, true).filter(({ atMs = 0 }) => atMs >= sinceMs));
      for (const [field, changes] of Object.entries(history.fields)) {
        const all = writesOf(changes);
        const since = all.filter(({ atMs }) => atMs >= fromMs);
        const [first] = since;
        // What a record was made with, and what nobody knows the value before of, is no change.
        if (first === undefined || (first === all[0] && first.before === undefined)) continue;
        const before: readonly Cell[] = all.filter(({ atMs }) => atMs < fromMs).map((write) => write.before);
        cells.push({
          object: schema.object,
          key,
          field,
          base: first.before,
          now: since.at(-1)?.after,
          writes: since,
          earlier: [...before].reverse(),
        });
      }
    }
  const schemas = new Map(objects.map(({ schema }) => [schema.object, new Map(schema.fields.map((field) => [field.name, field]))]));
  const groups = findGroups({
    cells,
    appeared: [],
    past: { writes: past, days: PROPOSALS.days - PROPOSALS.quietDays, each: new Map(), created: [], spells: [] },
    schemaOf: (object, field) => schemas.get(object)?.get(field),
    fromMs,
    toMs: nowMs,
    rows: new Map(objects.map(({ schema, histories }) => [schema.object, histories.size])),
    syncs,
    history: true,
    ...defined({ own }),
  });
  const found = groups.filter(({ verdict }) => verdict === 'damage' || verdict === 'ask');
  return new Set(found.flatMap(({ writer, object, fields }) => fields.map((field) => suspectName(writer, `${object}.${field}`))));
}

export const suspectName = (writer: string | undefined, field: string): string => JSON.stringify([writer ?? '', field]);
