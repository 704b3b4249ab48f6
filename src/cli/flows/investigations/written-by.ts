import type { Connector, FieldChange, Platform } from '../../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import { count, counted } from '../../views/text/format.js';
import { showValue, visible } from '../../views/text/visible.js';

/** Records of one object type whose history is looked at: enough to see who wrote what, and not a day's calls. */
const LOOKED_AT = 500;
const SHOWN_WRITERS = 8;
const SHOWN_FIELDS = 4;

/** Where it is looked. */
interface Window {
  readonly since: Date;
  readonly until?: Date;
  /** Only these object types. */
  readonly objects?: readonly string[];
}

/** What one writer wrote into one field, in the records that were looked at. */
interface WrittenGroup {
  readonly writer: string;
  readonly object: string;
  readonly field: string;
  readonly records: number;
  /** Records of which the platform still knows the value before. */
  readonly earlier: number;
  /** What was written most often, in words, and how often. */
  readonly value: string;
  readonly times: number;
}

/**
 * Who wrote which field on how many records in a time, most first, by the history of some records of each object type;
 * undefined where the platform keeps no history.
 */
export async function writtenBy({ connector, objects }: Platform, window: Window, call: CallOptions): Promise<readonly WrittenGroup[] | undefined> {
  if (connector.capabilities.history === 'none') return undefined;
  const groups = new Map<string, Group>();
  const described = await connector.describe(window.objects ?? objects, call);
  for (const schema of described.objects.filter(({ refused }) => refused === undefined)) {
    const keys = await someKeys(connector, schema, window.since, call);
    const history = schema.fields.filter(({ readOnly, setByItself }) => !readOnly && setByItself !== true).map(({ name }) => name);
    if (keys.length === 0) continue;
    for await (const batch of connector.read({ schema, keys, history, historyMayLack: true }, call))
      for (const { fields } of batch.history?.values() ?? [])
        for (const [field, changes] of Object.entries(fields)) take(groups, schema.object, field, changes, window);
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
  const found =
    connector.writtenSince === undefined
      ? connector.read({ schema, changedSince: since }, call)
      : connector.writtenSince({ schema, since, only: 'keys' }, call);
  for await (const batch of found) {
    if ('keys' in batch) keys.push(...batch.keys);
    else if ('records' in batch) keys.push(...batch.records.map(({ key }) => key));
    if (keys.length >= LOOKED_AT) break;
  }
  return keys.slice(0, LOOKED_AT);
}

function take(groups: Map<string, Group>, object: string, field: string, changes: readonly FieldChange[], { since, until }: Window): void {
  const seen = new Set<string>();
  for (const [place, { at, writer = 'not known', value, stood }] of changes.entries()) {
    if (stood === true || at === undefined || Date.parse(at) < since.getTime() || (until !== undefined && Date.parse(at) > until.getTime())) continue;
    const name = JSON.stringify([writer, object, field]);
    const group = groups.get(name) ?? { writer, object, field, records: 0, earlier: 0, values: new Map<string, number>() };
    groups.set(name, group);
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
      const wrote = own.map(({ object, field, records, value, times }) => ({ object, field, records, value, times }));
      return { writer, values: own.reduce((sum, { records }) => sum + records, 0), wrote };
    })
    .sort((a, b) => b.values - a.values);
  const lines = writers.slice(0, SHOWN_WRITERS).map(({ writer, values, wrote }) => {
    const fields = wrote.slice(0, SHOWN_FIELDS).map(({ object, field, records }) => `${object} ${field} ${count(records)}`);
    return `${visible(writer)} wrote ${counted(values, 'values')} (${visible(fields.join(', '))}${wrote.length > SHOWN_FIELDS ? ', …' : ''})`;
  });
  const none = writers.length === 0;
  return new RunbackError('usage', 'A plan from history needs to know who did the damage', {
    why: none
      ? 'Nobody wrote anything in that time, as far as the history tells.'
      : `Among the first ${LOOKED_AT} changed records of each object type, in that time: ${lines.join('; ')}${writers.length > lines.length ? `; and ${writers.length - lines.length} more` : ''}.`,
    state: 'Nothing was written.',
    next: none ? 'Choose an earlier --since.' : `Add the one that did the damage: --suspect ${visible(writers[0]?.writer ?? '')}`,
    data: { limit: 'suspects', writers },
  });
}
