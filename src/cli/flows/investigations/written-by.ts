import type { Connector, Deletion, FieldChange, Platform } from '../../../connectors/index.js';
import { type CallOptions, chunksOf, defined, RunbackError, shellWord } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import { count, counted } from '../../views/text/format.js';
import { showValue, visible } from '../../views/text/visible.js';

/** Records of one object type whose history is looked at: enough to see who wrote what, and not a day's calls. */
const LOOKED_AT = 500;
const SHOWN_WRITERS = 8;
const SHOWN_FIELDS = 4;
const NOBODY = 'not known';

/** Where it is looked. */
interface Window {
  readonly since: Date;
  readonly until?: Date;
  /** Only these object types. */
  readonly objects?: readonly string[];
}

/** What one writer wrote into one field, or deleted, of the records that were looked at. */
interface WrittenGroup {
  readonly writer: string;
  readonly object: string;
  /** Absent for whole records, which it deleted. */
  readonly field?: string;
  readonly records: number;
  /** Records of which the platform still knows the value before. */
  readonly earlier: number;
  /** What was written most often, in words, and how often; nothing of deleted ones. */
  readonly value: string;
  readonly times: number;
}

/**
 * Who wrote which field on how many records in a time, or deleted them, most first, by the history of some records of each object type;
 * undefined where the platform keeps no history of fields: who wrote a record last says nothing of what they wrote.
 */
export async function writtenBy({ connector, objects }: Platform, window: Window, call: CallOptions): Promise<readonly WrittenGroup[] | undefined> {
  if (connector.capabilities.history !== 'field') return undefined;
  const groups = new Map<string, Group>();
  const described = await connector.describe(window.objects ?? objects, call);
  for (const schema of described.objects.filter(({ refused }) => refused === undefined)) {
    const keys = await someKeys(connector, schema, window.since, call);
    const history = schema.fields.filter(({ readOnly, setByItself }) => !readOnly && setByItself !== true).map(({ name }) => name);
    if (keys.length === 0) continue;
    for (const some of chunksOf(keys, connector.capabilities.batch.history))
      for await (const batch of connector.read({ schema, keys: some, history, historyMayLack: true }, call))
        for (const { fields, deleted } of batch.history?.values() ?? []) {
          for (const [field, changes] of Object.entries(fields)) take(groups, schema.object, field, changes, window);
          if (deleted !== undefined) takeDeleted(groups, schema.object, deleted, window);
        }
  }
  return [...groups.values()].map(({ values, ...group }) => ({ ...group, ...mostOften(values) })).sort((a, b) => b.records - a.records);
}

type Group = Omit<WrittenGroup, 'value' | 'times' | 'records' | 'earlier'> & {
  records: number;
  earlier: number;
  readonly values: Map<string, number>;
};

async function someKeys(connector: Connector, schema: ObjectSchema, since: Date, call: CallOptions): Promise<readonly string[]> {
  const keys: string[] = [];
  const gone: string[] = [];
  const found =
    connector.writtenSince === undefined
      ? connector.read({ schema, changedSince: since }, call)
      : connector.writtenSince({ schema, since, only: 'keys' }, call);
  for await (const batch of found) {
    if ('keys' in batch) keys.push(...batch.keys);
    else if ('records' in batch) keys.push(...batch.records.map(({ key }) => key));
    else if ('gone' in batch) gone.push(...batch.gone);
    if (gone.length >= LOOKED_AT) break;
  }
  return [...keys.slice(0, LOOKED_AT), ...gone.slice(0, LOOKED_AT)];
}

const isWithin = ({ since, until }: Window, at: string | undefined): boolean =>
  at !== undefined && Date.parse(at) >= since.getTime() && (until === undefined || Date.parse(at) <= until.getTime());

/** The group of what one writer did, made where there is none. */
function groupOf(groups: Map<string, Group>, writer: string, object: string, field: string | undefined): Group {
  const name = JSON.stringify([writer, object, field ?? null]);
  const group = groups.get(name) ?? { writer, object, ...defined({ field }), records: 0, earlier: 0, values: new Map<string, number>() };
  groups.set(name, group);
  return group;
}

function takeDeleted(groups: Map<string, Group>, object: string, { at, writer = NOBODY }: Deletion, window: Window): void {
  if (!isWithin(window, at)) return;
  const group = groupOf(groups, writer, object, undefined);
  group.records += 1;
  group.earlier += 1;
}

function take(groups: Map<string, Group>, object: string, field: string, changes: readonly FieldChange[], window: Window): void {
  const seen = new Set<string>();
  for (const [place, { at, writer = NOBODY, value, stood }] of changes.entries()) {
    if (stood === true || !isWithin(window, at)) continue;
    const group = groupOf(groups, writer, object, field);
    // Of several writes to one record the last one counts.
    if (seen.has(writer)) continue;
    seen.add(writer);
    group.records += 1;
    if (place + 1 < changes.length) group.earlier += 1;
    const shown = showValue(value ?? null);
    group.values.set(shown, (group.values.get(shown) ?? 0) + 1);
  }
}

function mostOften(values: ReadonlyMap<string, number>): Pick<WrittenGroup, 'value' | 'times'> {
  const [value = '', times = 0] = [...values].sort((a, b) => b[1] - a[1])[0] ?? [];
  return { value, times };
}

/**
 * The refusal of a plan from history that names no writer: it says who wrote in that time, so that one can be chosen.
 * Rolling back whatever anybody wrote would take good work with it.
 */
export async function whoWrote(platform: Platform, window: Window, call: CallOptions): Promise<RunbackError> {
  const groups = (await writtenBy(platform, window, call)) ?? [];
  const writers = [...new Set(groups.map(({ writer }) => writer))]
    .map((writer) => {
      const own = groups.filter((group) => group.writer === writer);
      const wrote = own.flatMap(({ object, field, records, value, times }) =>
        field === undefined ? [] : [{ object, field, records, value, times }],
      );
      const deleted = own.flatMap(({ object, field, records }) => (field === undefined ? [{ object, records }] : []));
      return { writer, values: sumOf(wrote), wrote, ...(deleted.length === 0 ? {} : { deleted }) };
    })
    .sort((a, b) => b.values + sumOf(b.deleted) - a.values - sumOf(a.deleted));
  const lines = writers.slice(0, SHOWN_WRITERS).map(({ writer, values, wrote, deleted = [] }) => {
    const fields = wrote.slice(0, SHOWN_FIELDS).map(({ object, field, records }) => `${object} ${field} ${count(records)}`);
    const did = [
      ...(wrote.length === 0
        ? []
        : [`wrote ${counted(values, 'values')} (${visible(fields.join(', '))}${wrote.length > SHOWN_FIELDS ? ', …' : ''})`]),
      ...deleted.map(({ object, records }) => `deleted ${count(records)} ${visible(object)}`),
    ];
    return `${visible(writer)} ${did.join(' and ')}`;
  });
  const none = writers.length === 0;
  return new RunbackError('usage', 'A plan from history needs to know who did the damage', {
    why: none
      ? 'Nobody wrote anything in that time, as far as the history tells.'
      : `Among the first ${LOOKED_AT} changed records of each object type, in that time: ${lines.join('; ')}${writers.length > lines.length ? `; and ${writers.length - lines.length} more` : ''}.`,
    state: 'Nothing was written.',
    next: none ? 'Choose an earlier --since.' : `Add the one that did the damage: --suspect ${shellWord(visible(writers[0]?.writer ?? ''))}`,
    data: { limit: 'suspects', writers },
  });
}

function sumOf(groups: readonly { readonly records: number }[] = []): number {
  return groups.reduce((sum, { records }) => sum + records, 0);
}
