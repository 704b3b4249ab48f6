import type { Platform, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, defined } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { NotCompared, SnapshotReader } from '../../snapshots/index.js';
import { cellFits, namesCells } from '../start/fits.js';
import type { FoundStart } from '../start/types.js';
import type { Appeared, ChangedCell } from '../types.js';
import type { ChangedRecord } from './changes.js';
import { drawRecords, numbersFrom } from './draw.js';
import { eachHistory, pastWrites } from './history.js';
import type { KeptPast } from './past.js';
import { keysToAsk } from './sample.js';
import { ToldCells } from './told-cells.js';

/** Records of an object type that are drawn to learn what is ordinary. */
const DRAWN = 500;
const DAY_MS = 86_400_000;

/** When the base was read and when the present state was, in milliseconds. */
export interface Time {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Object types on their way into the evidence. */
export interface Gathering {
  readonly cells: ChangedCell[];
  readonly appeared: Appeared[];
  readonly past: KeptPast;
  readonly created: Appeared[];
  readonly each: Map<string, number>;
  /** Days before the base of which the history tells, by object type, where that is fewer than were asked for. */
  readonly told: Map<string, number>;
  readonly reading: {
    changed: number;
    asked: number;
    drawn: number;
    bySample: number;
    gone: number;
    untold: number;
    cut: number;
    unsure: number;
    notCompared: NotCompared[];
  };
}

/** What is asked for. */
export interface HistoryRequest extends Time {
  readonly platform: Platform;
  readonly base: SnapshotReader;
  /** Days before the base in which ordinary work is looked for. */
  readonly days: number;
  readonly everything: boolean;
  readonly found: FoundStart | undefined;
}

/** Adds cells with who wrote them, and what drawn records tell of the time before. */
export async function withHistory(
  request: HistoryRequest,
  schema: ObjectSchema,
  changed: readonly ChangedRecord[],
  to: Gathering,
  options: CallOptions,
): Promise<void> {
  const { platform, base, days, everything, found, fromMs, toMs } = request;
  const { object } = schema;
  const info = base.manifest.objects.find((one) => one.platform === platform.name && one.object === object);
  const fields = [...new Set(changed.flatMap(({ cells }) => cells.map(({ field }) => field)))].sort();
  if (info === undefined || fields.length === 0) return;
  const drawn = await drawRecords(base, info, DRAWN, numbersFrom(base.digest));
  to.each.set(object, Math.max(1, info.rows / Math.max(1, drawn.length)));
  to.reading.drawn += drawn.length;
  const most = platform.connector.keptChanges?.(object) ?? Number.MAX_SAFE_INTEGER;
  const cells = new ToldCells({ schema, changed, fromMs, toMs, most });
  const drawnKeys = new Set(drawn.map(({ key }) => key));
  const known = await askDrawn(request, schema, { keys: drawnKeys, fields, cells }, to, options);
  if (known < days) to.told.set(object, known);
  const asked = new Set(drawnKeys);
  const ask = async (keys: readonly string[]): Promise<void> => {
    const fresh = [...new Set(keys)].filter((key) => !asked.has(key));
    for (const key of fresh) asked.add(key);
    for await (const some of eachHistory(platform, schema, fresh, fields, options))
      for (const [key, one] of some) {
        cells.add(key, one);
        to.past.add(pastOf(request, object, key, one, false));
      }
  };
  if (everything) await ask(changed.map(({ key }) => key));
  else
    await keysToAsk(schema, changed, cells, ask, {
      ...to,
      fromMs,
      rows: info.rows,
      days: known,
      own: platform.identity.writer,
      isStart: (key, field, after) => found !== undefined && namesCells(found) && cellFits(found, object, key, field, after),
    });
  for (const record of changed) {
    const told = cells.of(record.key);
    if (told === undefined) to.reading[asked.has(record.key) ? 'gone' : 'bySample'] += record.cells.length;
    else {
      to.reading.asked += 1;
      for (const cell of told) {
        to.cells.push(cell);
        if (cell.writes.at(-1)?.atMs === undefined) to.reading.untold += 1;
      }
    }
  }
  to.reading.cut += cells.cut;
  to.reading.unsure += cells.unsure;
}

/** Asks for the histories of drawn records; gives the days before the base of which they tell. */
async function askDrawn(
  request: HistoryRequest,
  schema: ObjectSchema,
  { keys, fields, cells }: { readonly keys: ReadonlySet<string>; readonly fields: readonly string[]; readonly cells: ToldCells },
  to: Gathering,
  options: CallOptions,
): Promise<number> {
  const { platform, fromMs, days } = request;
  const { object } = schema;
  let known = days;
  for await (const some of eachHistory(platform, schema, [...keys], fields, options))
    for (const [key, one] of some) {
      cells.add(key, one);
      to.past.add(pastOf(request, object, key, one, true));
      known = Math.min(known, daysTold(one, fromMs));
      const born = Date.parse(one.created?.at ?? '');
      if (born >= fromMs - days * DAY_MS && born < fromMs)
        to.created.push({ change: 'created', object, key, atMs: born, ...defined({ writer: one.created?.writer, maker: one.created?.maker }) });
    }
  return known;
}

function pastOf({ fromMs, days }: HistoryRequest, object: string, key: string, one: RecordHistory, drawn: boolean): ReturnType<typeof pastWrites> {
  return pastWrites(object, key, one, fromMs, drawn).filter(({ atMs = 0 }) => atMs >= fromMs - days * DAY_MS);
}

/** Of how many whole days before the base a history tells: part of a day says nothing of what is usual. */
function daysTold({ begins }: RecordHistory, fromMs: number): number {
  return begins === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor((fromMs - Date.parse(begins)) / DAY_MS));
}
