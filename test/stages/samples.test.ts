import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Connector } from '../../src/connectors/index.js';
import type { FieldSchema, LinkSchema, ObjectSchema, SampleRefusal, Value } from '../../src/records/index.js';
import { type Filled, fillWith, sampleRecords, whyNone } from '../../src/stages/index.js';
import { openBench as openHubSpot } from '../connectors/hubspot-support.js';
import { bench as openMailchimp, LIST, MEMBERS } from '../connectors/mailchimp/support.js';
import { openBench as openSalesforce } from '../connectors/salesforce/support.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';

/** How each platform says that it refuses for a reason. */
type Words = Readonly<Partial<Record<SampleRefusal, RegExp>>>;

interface Target {
  readonly connector: Connector;
  readonly objects: readonly string[];
  readonly words: Words;
  readonly stop: () => Promise<void>;
}

async function described(connector: Connector, object: string): Promise<{ readonly schema: ObjectSchema; readonly links: readonly LinkSchema[] }> {
  const { objects, links } = await connector.describe([object]);
  const schema = objects.find((each) => each.object === object);
  if (schema === undefined) throw new Error(`no ${object}`);
  return { schema, links };
}

async function wrongOf(
  { connector, objects, words }: Target,
  seed: number,
): Promise<{ readonly wrong: readonly string[]; readonly all: readonly Filled[] }> {
  const wrong: string[] = [];
  const all: Filled[] = [];
  for (const object of objects) {
    const { schema, links } = await described(connector, object);
    expect(whyNone(schema, links), object).toBeUndefined();
    for await (const filled of fillWith(connector, schema, sampleRecords(schema, links, { seed }), {})) {
      all.push(filled);
      const { record, result, asDeclared } = filled;
      const message = 'message' in result ? result.message : '';
      const isSaid = record.refused === undefined || (words[record.refused.reason] ?? /^never$/u).test(message);
      if (!asDeclared || !isSaid)
        wrong.push(
          `${object} ${record.n}: ${JSON.stringify(record.refused ?? 'taken')} became ${result.status} ${message.slice(0, 300)} ${JSON.stringify(result.status === 'rejected' ? result.fields : '')}`,
        );
    }
  }
  return { wrong, all };
}

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  hubspot: async () => {
    const bench = await openHubSpot();
    return {
      connector: bench.connector,
      objects: ['contacts', 'companies', 'deals', 'tickets'],
      words: {
        'too-long': /is longer than \d+/u,
        'no-option': /not one of the allowed options/u,
        'other-form': /Email address .* is invalid/u,
        'other-type': /not a valid (?:number|date)|was at|not midnight/u,
        taken: /already/iu,
      },
      stop: bench.stop,
    };
  },
  salesforce: async () => {
    const bench = await openSalesforce({
      description: {
        fields: {
          Contact: [
            { name: 'Level__c', type: 'picklist', options: ['New', 'Old'], restricted: true },
            { name: 'Code__c', type: 'string', length: 40, unique: true },
          ],
        },
      },
    });
    return {
      connector: await bench.open(),
      objects: ['Contact', 'Lead', 'Account', 'Opportunity'],
      words: {
        'too-long': /data value too large/u,
        'no-option': /bad value for restricted picklist/u,
        'other-form': /invalid email address/u,
        'other-type': /not of required type|Cannot deserialize|is not of the type/u,
        'out-of-range': /outside of valid range/u,
        missing: /Required fields are missing/u,
        taken: /duplicate value found/u,
      },
      stop: bench.stop,
    };
  },
  mailchimp: async () => {
    const { connector } = await openMailchimp({
      audiences: [
        {
          id: LIST,
          mergeFields: [
            { tag: 'FNAME', type: 'text' },
            { tag: 'LTV', type: 'number' },
            { tag: 'BORN', type: 'date' },
            { tag: 'ZIP', type: 'zip' },
            { tag: 'PAGE', type: 'url' },
            { tag: 'PHONE', type: 'phone', phoneFormat: 'US' },
            { tag: 'CALL', type: 'phone' },
            { tag: 'HOME', type: 'address' },
            { tag: 'DAY', type: 'birthday' },
            { tag: 'PLAN', type: 'dropdown', choices: ['free', 'paid'] },
          ],
        },
      ],
    });
    return {
      connector,
      objects: [MEMBERS],
      words: {
        'too-long': /limit this value/u,
        'no-option': /must be one of|not one of the accepted/iu,
        'other-form': /valid email|looks fake|domain portion|zip code|phone number|valid URL/u,
        'other-type': /enter a number|enter the date/u,
        missing: /./u,
        taken: /already|twice|duplicate|has this address/iu,
      },
      stop: async () => await Promise.resolve(),
    };
  },
  postgres: async () => {
    const database = await server.createDatabase(`
      CREATE TYPE level AS ENUM ('new', 'old');
      CREATE TABLE people (id integer PRIMARY KEY, email text UNIQUE, name varchar(40) NOT NULL, code varchar(12) UNIQUE, notes text, level level,
        small smallint, big bigint, customer integer NOT NULL UNIQUE, card bigint UNIQUE, rate numeric(4,1) UNIQUE, short varchar(20) UNIQUE, amount numeric(7,2), ratio double precision, born date, seen timestamptz, noon time, ok boolean, extra jsonb, token uuid UNIQUE,
        latitude double precision, phone varchar(30), madeup text NOT NULL DEFAULT 'x', boss integer REFERENCES people);`);
    const { connector, close } = await openTestPlatform(server, database);
    return {
      connector,
      objects: ['public.people'],
      words: {
        'too-long': /too long/u,
        'no-option': /invalid input value for enum/u,
        'other-type': /invalid input syntax|out of range/u,
        'out-of-range': /out of range|overflow/u,
        missing: /null value/u,
        taken: /duplicate key|unique/u,
      },
      stop: close,
    };
  },
};

/** Each PostgreSQL seed has a database of its own. */
const SEEDS: Readonly<Record<string, number>> = { postgres: fullSweeps ? 1000 : 2 };
const OTHERS = fullSweeps ? 250 : 1;

/** Nothing that a seed opened stays open: a server takes 40 connections in all. */
async function openConnections(): Promise<number> {
  const [row] = await server.sql('postgres', `SELECT count(*) AS n FROM pg_stat_activity WHERE backend_type = 'client backend'`);
  return Number(row?.['n']);
}

describe.each(Object.keys(TARGETS))('sample data of %s', (name) => {
  const seeds = SEEDS[name] ?? OTHERS;
  it(
    `each record is taken, or refused for exactly the reason that was declared (${seeds} seeds)`,
    async () => {
      const first = seedOf();
      for (let seed = first; seed < first + seeds; seed += 1) {
        const target = await TARGETS[name]?.();
        if (target === undefined) throw new Error('no target');
        try {
          const { wrong, all } = await wrongOf(target, seed);
          expect(wrong.slice(0, 20), `seed ${seed}`).toEqual([]);
          expect(all.filter(({ record }) => record.refused !== undefined).length).toBeGreaterThan(10);
          expect(all.filter(({ record }) => record.refused === undefined).length).toBeGreaterThan(40);
        } finally {
          await target.stop();
        }
      }
      expect(await openConnections()).toBeLessThanOrEqual(11);
    },
    seeds * 60_000,
  );
});

const SHARED_SEEDS = fullSweeps ? 1000 : 8;

it(
  `seeds that share a table do not get into each other's way (${SHARED_SEEDS} seeds)`,
  async () => {
    const target = await TARGETS['postgres']?.();
    if (target === undefined) throw new Error('no target');
    try {
      const first = seedOf();
      for (let seed = first; seed < first + SHARED_SEEDS; seed += 1)
        expect((await wrongOf(target, seed)).wrong.slice(0, 20), `seed ${seed}`).toEqual([]);
    } finally {
      await target.stop();
    }
  },
  SHARED_SEEDS * 10_000,
);

const FIELDS: readonly FieldSchema[] = [
  { name: 'email', type: 'string', platformType: 'text', readOnly: false, unique: true, uniqueInAnyCase: true, form: 'email' },
  { name: 'name', type: 'string', platformType: 'varchar(80)', readOnly: false, maxLength: 80, required: true },
  { name: 'phone', type: 'string', platformType: 'varchar(40)', readOnly: false, maxLength: 40 },
  { name: 'level', type: 'enum', platformType: 'level', readOnly: false, options: ['New', 'Old'] },
  { name: 'likes', type: 'set', platformType: 'set', readOnly: false, options: ['A', 'B', 'C'] },
  { name: 'notes', type: 'string', platformType: 'text', readOnly: false, maxLength: 65_536 },
  { name: 'latitude', type: 'number', platformType: 'double(18,15)', readOnly: false },
];
const PEOPLE: ObjectSchema = { object: 'people', keyFields: [], fields: FIELDS, createWithKey: false, undelete: false, sideEffects: [] };

describe('sample data', () => {
  const records = [...sampleRecords(PEOPLE, [], { seed: 7 })];
  const held = (field: string): readonly Value[] => records.flatMap(({ fields }) => (Object.hasOwn(fields, field) ? [fields[field] ?? null] : []));

  it('has everything that breaks an integration', () => {
    const names = held('name').map(String);
    expect(new Set(names.map((text) => text.length))).toEqual(expect.objectContaining(new Set([79, 80, 81])));
    expect(names.some((text) => text !== text.normalize('NFC'))).toBe(true);
    expect(names.some((text) => text !== text.normalize('NFD'))).toBe(true);
    expect(names.some((text) => /[\u0590-\u06ff]/u.test(text))).toBe(true);
    expect(names).toContain('itâ€™s');
    for (const phone of ['4.479E+11', '+1 415 555 0123 ext. 7', '415 555 0123 x12', '(415) 555-0123']) expect(held('phone')).toContain(phone);
    const addresses = held('email').map(String);
    expect(addresses.some((address) => /^[^@]+\+[^@]+@/u.test(address))).toBe(true);
    expect(addresses).toContain('ann@example.com, bob@example.com');
    expect(addresses.some((one, n) => addresses.some((other, m) => n !== m && one !== other && one.toLowerCase() === other.toLowerCase()))).toBe(
      true,
    );
    // Nothing, in each of its forms.
    expect(held('phone')).toContain(null);
    expect(held('phone')).toContain('');
    expect(records.some(({ fields }) => !Object.hasOwn(fields, 'phone'))).toBe(true);
    expect(records.filter(({ refused }) => refused?.reason === 'missing').map(({ fields }) => Object.hasOwn(fields, 'name'))).toContain(false);
    for (const chosen of [['A'], ['B'], ['C'], ['A', 'B', 'C']]) expect(held('likes')).toContainEqual(chosen);
    expect(
      Math.max(
        ...held('latitude')
          .map(Number)
          .filter((each) => !Number.isNaN(each)),
      ),
    ).toBe(90);
    expect(held('notes').filter((text) => String(text).length > 2000)).toHaveLength(3);
  });

  it('is the same for the same seed, and another one for another', () => {
    const text = (seed: number): string => JSON.stringify([...sampleRecords(PEOPLE, [], { seed })]);
    expect(text(7)).toBe(text(7));
    expect(text(8)).not.toBe(text(7));
  });

  it('has nothing that should be refused where that is not wanted', () => {
    expect([...sampleRecords(PEOPLE, [], { seed: 7, onlyTaken: true })].filter(({ refused }) => refused !== undefined)).toEqual([]);
  });

  it('is as often empty and as long as it is told, and no text is cut in half', () => {
    const shape = { phone: { empty: 0.8, lengths: [3] }, notes: { empty: 0, lengths: [17, 90] }, name: { empty: 0.5, lengths: [5] } };
    const shaped = [...sampleRecords(PEOPLE, [], { seed: seedOf(), count: 2000, onlyTaken: true, shape })];
    expect(shaped.filter(({ fields }) => fields['phone'] === undefined).length / 2000).toBeCloseTo(0.8, 1);
    expect(new Set(shaped.map(({ fields }) => String(fields['notes']).length))).toEqual(new Set([17, 90]));
    // It may never be empty.
    expect(new Set(shaped.map(({ fields }) => String(fields['name']).length))).toEqual(new Set([5]));
    expect(shaped.filter(({ fields }) => Buffer.from(String(fields['notes'])).toString('utf8') !== fields['notes'])).toEqual([]);
  });
});
