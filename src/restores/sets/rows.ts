import type { Connector } from '../../connectors/index.js';
import type { CallOptions } from '../../lib/index.js';
import { type ObjectSchema, ownValue, parseRecordLine, type PlatformRecord, type Value } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { RECORD_KEY } from '../../workspace/index.js';
import type { ConflictCode, Plan, RecordChange } from '../types.js';

/** What a plan makes of one field: writes it, or leaves it by a conflict. */
export type Planned =
  | { readonly is: 'written' }
  | { readonly is: 'left'; readonly conflict: ConflictCode; readonly conflictId: string; readonly canRestore: boolean };

/** One record of a side, as far as it is held against the other side. */
export interface Row {
  readonly key: string;
  /** Undefined: nothing to find its counterpart by. */
  readonly match: string | undefined;
  /** In the order of the fields that are compared. */
  readonly values: readonly (Value | undefined)[];
}

/** Which fields of an object type a row is made of. */
export interface RowForm {
  readonly object: string;
  readonly match: string;
  readonly asEmail: boolean;
  readonly fields: readonly string[];
}

/** The row of a record. */
export function rowOf({ key, fields, meta }: PlatformRecord, form: RowForm): Row {
  const valueOf = (name: string): Value | undefined => ownValue(fields, name) ?? ownValue(meta, name);
  const match = form.match === RECORD_KEY ? key : valueOf(form.match);
  return { key, match: matchOf(match, form.asEmail), values: form.fields.map(valueOf) };
}

function matchOf(value: Value | undefined, asEmail: boolean): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  const text = asEmail ? String(value).trim().toLowerCase() : String(value);
  return text === '' ? undefined : text;
}

/** The records of an object type in a snapshot. Throws `snapshot-damaged`. */
export async function* recordsIn(reader: SnapshotReader, platform: string, object: string, { signal }: CallOptions): AsyncIterable<PlatformRecord> {
  const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
  if (info === undefined) return;
  for await (const lines of reader.lines(info, signal === undefined ? {} : { signal })) for (const line of lines) yield parseRecordLine(line);
}

/** The records of an object type on a platform, now. */
export async function* recordsOn(connector: Pick<Connector, 'read'>, schema: ObjectSchema, options: CallOptions): AsyncIterable<PlatformRecord> {
  for await (const { records } of connector.read({ schema }, options)) yield* records;
}

/** What a plan makes of the records of one object type. */
export class Overlay {
  readonly #changes = new Map<string, RecordChange>();
  readonly #left = new Map<string, Planned & { readonly is: 'left' }>();

  /** Reads the lines of a plan about an object type. */
  static async of(plan: Plan, object: string): Promise<Overlay> {
    const overlay = new Overlay();
    for await (const line of plan.lines()) {
      if (line.kind === 'conflict') {
        if (line.object !== object) continue;
        const left = { is: 'left', conflict: line.code, conflictId: line.id, canRestore: line.change !== undefined } as const;
        // Of a group or a whole record the values are told by name.
        const fields = line.field === undefined || isMembers(line.live) ? Object.keys(membersOf(line.live ?? line.base)) : [line.field];
        for (const field of [...fields, ...(line.field === undefined ? [''] : [])]) overlay.#left.set(cell(line.key, field), left);
      } else if (!('link' in line) && line.object === object && line.interim !== true) {
        const before = overlay.#changes.get(line.key);
        overlay.#changes.set(line.key, before === undefined ? line : { ...before, fields: { ...before.fields, ...line.fields } });
      }
    }
    return overlay;
  }

  /** The records as they will be once the plan is applied. */
  async *over(records: AsyncIterable<PlatformRecord>): AsyncIterable<PlatformRecord> {
    const open = new Map(this.#changes);
    for await (const record of records) {
      const change = open.get(record.key);
      open.delete(record.key);
      if (change?.action === 'delete') continue;
      yield change === undefined ? record : { ...record, fields: withMoves(record.fields, change) };
    }
    for (const change of open.values())
      if (change.action !== 'delete') yield { key: change.key, fields: withMoves(change.given ?? {}, change), meta: {} };
  }

  /** What the plan makes of a field of a record, or of the record; undefined where it says nothing of it. */
  plannedFor(key: string, field: string | undefined): Planned | undefined {
    const change = this.#changes.get(key);
    const writes =
      change !== undefined &&
      (field === undefined
        ? change.action !== 'update'
        : ownValue(change.fields, field)?.keeps === undefined && ownValue(change.fields, field) !== undefined);
    return writes ? { is: 'written' } : this.#left.get(cell(key, field ?? ''));
  }
}

function withMoves(fields: PlatformRecord['fields'], change: RecordChange): PlatformRecord['fields'] {
  const moved = new Map(Object.entries(fields));
  for (const [name, { to }] of Object.entries(change.fields))
    if (to === undefined) moved.delete(name);
    else moved.set(name, to);
  return Object.fromEntries(moved);
}

const cell = (key: string, field: string): string => JSON.stringify([key, field]);

/** True for the values of several fields by their names, as a conflict about a group of them tells them. */
export function isMembers(value: Value | undefined): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Those values; none where it is anything else. */
export function membersOf(value: Value | undefined): Readonly<Record<string, Value>> {
  return isMembers(value) ? (value as Readonly<Record<string, Value>>) : {};
}
