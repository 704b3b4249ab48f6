import type { Connector, Platform } from '../../connectors/index.js';
import { type CallOptions, canonicalJson, type Clock } from '../../lib/index.js';
import { stored } from '../../mappings/index.js';
import type { FieldSchema, ObjectSchema, PlatformRecord, Value } from '../../records/index.js';
import type { TestDocument } from '../document/schema.js';
import { type Made, valueIn } from '../touchpoints/facts.js';
import { readMade } from '../touchpoints/write.js';

export type Fires = NonNullable<TestDocument['trigger']>['fires'];

/** How often each record of a test was seen to have set something off, by its number. */
export type Firings = ReadonlyMap<number, number>;

/** By what it is seen that something fired. */
export interface Evidence {
  /** Every time is seen by itself; otherwise only whether it was any since `reset` was written. */
  readonly countable: boolean;
  readonly reset?: { readonly field: string; readonly value: Value };
  /** `whole`: everything is read, so that what is not seen is not there. */
  look(rows: readonly Made[], whole: boolean): Promise<Firings>;
  /** Why the platform does not tell all of what is looked for, where it says so. */
  untold(): string | undefined;
}

/** What evidence is read with. `since`: before the first record was created. */
export interface Looking {
  readonly connector: Connector;
  readonly schema: ObjectSchema;
  readonly since: Date;
  /** The person of each record, by its number. */
  readonly person: (n: number) => string;
  readonly clock: Clock;
  readonly call: CallOptions;
}

const DAY_MS = 86_400_000;

/** What is seen on the record itself. */
export function ownEvidence(fires: Extract<Fires, { field: string } | { counts: string }>, { connector, schema, call }: Looking): Evidence {
  const name = 'field' in fires ? fires.field : fires.counts;
  const field = schema.fields.find((each) => each.name === name);
  const seen = (record: PlatformRecord): number => {
    const value = valueIn(record, name);
    return 'counts' in fires ? Number(value ?? 0) || 0 : isValue(field, value, fires.becomes) ? 1 : 0;
  };
  return {
    countable: 'counts' in fires,
    ...('field' in fires && { reset: { field: fires.field, value: fires.reset } }),
    look: async (rows) => {
      const keys = new Map(rows.map(({ key, n }) => [key, n]));
      return new Map((await readMade(connector, schema, keys, call)).map(({ n, record }) => [n, seen(record)]));
    },
    untold: () => undefined,
  };
}

/** Whether a field holds what a test names, which its platform may write in a form of its own. */
export function isValue(field: FieldSchema | undefined, found: Value, wanted: Value): boolean {
  const same = (a: Value, b: Value): boolean => canonicalJson(a === '' ? null : a) === canonicalJson(b === '' ? null : b);
  const kept = field === undefined ? undefined : stored(field, wanted);
  return same(found, wanted) || (kept !== undefined && same(found, kept));
}

/** Records that belong to those of the test: they hold its key, or the address of its person. */
export function recordEvidence(fires: Extract<Fires, { about: string } | { address: string }>, looking: Looking): Evidence {
  const { connector, schema, since, person, call } = looking;
  const name = 'about' in fires ? fires.about : fires.address;
  return {
    countable: true,
    look: async (rows, whole) => {
      const owners = new Map(rows.map(({ n, key }) => ['about' in fires ? key : person(n).toLowerCase(), n]));
      const found = new Map<number, Set<string>>();
      for await (const { records } of connector.read({ schema, ...(!whole && { changedSince: since }) }, call))
        for (const record of records) {
          const value = valueIn(record, name);
          const n = typeof value === 'string' ? owners.get('about' in fires ? value : value.toLowerCase()) : undefined;
          // By key: what moves while pages are turned comes twice.
          if (n !== undefined) found.set(n, (found.get(n) ?? new Set()).add(record.key));
        }
      return new Map([...found].map(([n, keys]) => [n, keys.size]));
    },
    untold: () => undefined,
  };
}

/** What the platform tells of having done about the people of the test. */
export function toldEvidence(
  fires: Extract<Fires, { shows: string }>,
  platform: Platform,
  { since, person, clock, call }: Omit<Looking, 'connector' | 'schema'>,
): Evidence {
  let why: string | undefined;
  return {
    countable: true,
    look: async (rows) => {
      const byKey = new Map(rows.map(({ n, key }) => [key, n]));
      const byAddress = new Map(rows.map(({ n }) => [person(n).toLowerCase(), n]));
      const found = new Map<number, Set<string>>();
      const request = { from: since, to: new Date(clock.now().getTime() + DAY_MS) };
      for await (const told of platform.connector.sideEffects?.(request, call) ?? []) {
        if ('untold' in told) {
          if (told.kinds.includes(fires.shows)) why = `${told.untold}: ${told.why}`;
          continue;
        }
        for (const { kind, id, about, address } of told) {
          const n = byAddress.get(address?.toLowerCase() ?? '') ?? about.map(({ key }) => byKey.get(key)).find((each) => each !== undefined);
          if (kind === fires.shows && n !== undefined) found.set(n, (found.get(n) ?? new Set()).add(id));
        }
      }
      return new Map([...found].map(([n, ids]) => [n, ids.size]));
    },
    untold: () => why,
  };
}
