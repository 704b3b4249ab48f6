import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  type Capabilities,
  checked,
  type Connector,
  type MutationResult,
  type RecordBatch,
  type RecordHistory,
  type SettingArea,
} from '../../src/connectors/index.js';
import { isRunbackError } from '../../src/lib/index.js';
import {
  compareIn,
  isInteger,
  type Link,
  type LinkSchema,
  type ObjectSchema,
  type PlatformRecord,
  recordLine,
  type Value,
} from '../../src/records/index.js';

/** One platform with a known object type, seen from outside the connector. Every test gets a new one. */
export interface ContractPlatform {
  /** A new connector on this platform, ready to be used. The suite closes it. */
  open(): Promise<Connector>;
  /** What the clock of its platform says: a busy machine falls behind a clock that stands still between calls. */
  now(): Date;
  /** An object type that is empty at first. */
  readonly object: string;
  /** Two writable fields of it that hold any text, and one that must be unique (absent where none has to be). */
  readonly text: string;
  readonly other: string;
  readonly unique?: string;
  /** A well-formed key that no record has. */
  readonly missingKey: string;
  /** More of those, by number, where they are no numbers. */
  unusedKey?(n: number): string;
  /** Texts that the platform takes from nobody as they are: none of its records holds one, and writing one is refused. */
  alters?(text: string): boolean;
  /** Values that a new record cannot be without, others for each `n`. */
  needs?(n: number): Readonly<Record<string, string>>;
  /** What becomes of a text that is written, where the platform stores some in a form of its own and shows it in its answer. */
  kept?(text: string): string;
  /** How an empty text comes back: some platforms know no difference between empty and null. */
  readonly emptyReads: '' | null;
  /** Records of one page of a list, where that is more than are created at once. */
  readonly page?: number;
  /** Creates a record without the connector; answers its key. */
  seed(fields: Readonly<Record<string, string | null>>): Promise<string>;
  /** What a colleague does: changes or deletes a record without the connector. */
  edit(key: string, fields: Readonly<Record<string, string | null>>): Promise<void>;
  remove(key: string): Promise<void>;
  /** The platform's own truth; undefined where there is no such record. */
  truth(key: string): Promise<Readonly<Record<string, Value>> | undefined>;
  /** Present where links of some kind can be written. */
  readonly links?: {
    /** Finds the kind of link among those described for these objects. */
    readonly objects: readonly string[];
    pick(links: readonly LinkSchema[]): LinkSchema | undefined;
    seedFrom(): Promise<string>;
    seedTo(): Promise<string>;
    truth(): Promise<readonly Link[]>;
  };
  readonly faults: {
    /** The next write is applied, its answer is lost, and the platform cannot be asked until `heal`. */
    dropNextAnswer(): Promise<void>;
    /**
     * The connection of the next such write is cut, and the platform does it so many milliseconds later all the same; then
     * calls `passed`. Absent where nothing can be done after its connection is gone.
     */
    readonly late?: { nextCreate(ms: number): void; nextUpdate(ms: number): void; passed(ms: number): void };
    /** The platform does not answer at all until `heal`. */
    cutOff(): Promise<void>;
    heal(): Promise<void>;
  };
  stop(): Promise<void>;
}

/** How much later a platform does what it was asked for, where it does. */
const LATE_MS = 40_000;

/** Texts that break software; every platform must give them back as they went in. */
export const NASTY = [
  `quote " apostrophe ' backslash \\ slash /`,
  'tab\tnewline\nreturn\rend',
  '\\N',
  '\\.',
  '\u0001\u0008\u000b\u000c\u001f\u007f',
  'é ü ß 漢字 \u00a0\u2028\u2029\ufeff',
  '👩‍👩‍👧‍👦 𝒳 \u{10ffff}',
  `'; DROP TABLE contacts; --`,
  '{{constructor}} ${7*7} <script>alert(1)</script>',
  '=1+1',
  'NULL',
  '0',
  ' leading and trailing ',
];

/**
 * What a driver claims to be able to do beyond what every driver can. Cases for what it does not claim are skipped, and
 * say so.
 */
export interface Claims extends Pick<Capabilities, 'ordered' | 'consistentRead' | 'conditionalWrite' | 'history'> {
  /** It gives finished lines. */
  readonly lines: boolean;
  /** It tells what has changed. */
  readonly changes: boolean;
  /** Absent: records can be changed, as almost everywhere. */
  readonly updates?: false;
  /** Its credentials see everything, so that nothing may only be hidden, and nothing is refused: every record is created again. */
  readonly allAgain?: true;
}

/**
 * The promises of `src/connectors/connector.ts`, tried on a real platform or a faithful copy of one. `claims` stands
 * beside the driver, so that one that is lost fails, instead of skipping its cases unseen.
 */
export function connectorContract(name: string, claims: Claims, start: () => Promise<ContractPlatform>): void {
  describe(`connector contract: ${name}`, () => {
    let platform: ContractPlatform;
    const opened: Connector[] = [];
    const open = async (): Promise<Connector> => {
      const connector = checked(await platform.open());
      opened.push(connector);
      return connector;
    };
    /** A write that the platform knows, of a record that holds `a`. */
    const anyWrite = (schema: ObjectSchema, key: string): Parameters<Connector['write']>[0] =>
      claims.updates === false
        ? [{ action: 'delete', schema, key, expect: { [platform.text]: 'a' } }]
        : [{ action: 'update', schema, key, set: { [platform.text]: 'b' }, expect: { [platform.text]: 'a' } }];
    const prepared = async (): Promise<{ connector: Connector; schema: ObjectSchema }> => {
      const connector = await open();
      return { connector, schema: await schemaOf(connector, platform.object) };
    };
    const hourFrom = (hours: number): Date => new Date(platform.now().getTime() + hours * 3_600_000);
    beforeEach(async () => {
      platform = await start();
    });
    afterEach(async () => {
      await platform.faults.heal();
      for (const connector of opened.splice(0)) await connector.close();
      await platform.stop();
    });

    describe('identify and describe', () => {
      test('the account is known before anything else is asked, and stays the same', async () => {
        const connector = await open();
        const identity = await connector.identify();
        expect(identity.account).not.toBe('');
        expect(identity.address).not.toContain('@');
        expect(connector.usage().requests).toBeGreaterThan(0);
        expect((await connector.identify()).account).toBe(identity.account);
      });

      test('a misspelt object type is refused with the right word, instead of being read as empty', async () => {
        const connector = await open();
        const error: unknown = await connector.describe([`${platform.object}x`]).catch((thrown: unknown) => thrown);
        expect(isRunbackError(error, 'object-unsupported')).toBe(true);
        expect(String(error)).toContain(platform.object);
      });

      test('fields are described with type, and what cannot be written is marked', async () => {
        const { connector, schema } = await prepared();
        expect((await connector.describe([platform.object])).objects.map((each) => each.object)).toEqual([platform.object]);
        expect(schema.refused).toBeUndefined();
        for (const name of [platform.text, platform.other])
          expect(schema.fields.find((field) => field.name === name)).toMatchObject({ type: 'string', readOnly: false });
        expect(new Set(schema.fields.map((field) => field.name)).size).toBe(schema.fields.length);
      });

      test('the name of an object type in another schema is its own there, and leads back', async () => {
        const { connector, schema } = await prepared();
        const other = connector.nameIn?.(schema.object, 'another schema');
        expect(other).not.toBe(schema.object);
        const [own] = schema.object.split('.');
        if (other !== undefined) expect(connector.nameIn?.(other, own ?? '')).toBe(schema.object);
      });

      test('labels are those of the options that are described', async () => {
        const { connector, schema } = await prepared();
        for (const [name, labels] of (await connector.optionLabels?.(platform.object)) ?? []) {
          const field = schema.fields.find((each) => each.name === name);
          expect(field).toBeDefined();
          if (field?.options !== undefined) expect(field.options).toEqual(expect.arrayContaining([...labels.keys()]));
        }
      });
    });

    test('settings are told for each area that is claimed, the same each time, and reading them changes nothing', async () => {
      const { connector, schema } = await prepared();
      const key = await platform.seed({ [platform.text]: 'a' });
      for (const [area, told] of Object.entries(connector.capabilities.settings ?? {}) as [SettingArea, string][]) {
        if (told !== 'object' && told !== 'account') continue;
        const read = async () => await connector.settings?.(area, told === 'object' ? schema : undefined);
        const first = await read();
        expect(first, area).toBeDefined();
        expect(await read(), area).toEqual(first);
      }
      expect((await platform.truth(key))?.[platform.text]).toBe('a');
    });

    test('what a driver was told of its platform is tried by reading alone', async ({ skip }) => {
      const keys = [await platform.seed({ [platform.text]: 'a' }), await platform.seed({ [platform.text]: 'b' })];
      const connector = await open();
      if (connector.probe === undefined) return skip(`${name} is told nothing`);
      const wrong: string[] = [];
      for await (const { ok, what, found } of connector.probe([platform.object])) if (!ok) wrong.push(`${what}: ${found}`);
      expect(wrong).toEqual([]);
      expect(await Promise.all(keys.map(async (key) => (await platform.truth(key))?.[platform.text]))).toEqual(['a', 'b']);
    });

    test('claims what is expected of it', async () => {
      const connector = await open();
      const { ordered, consistentRead, conditionalWrite, history } = connector.capabilities;
      const { readLines, readChanges } = connector;
      const given = { lines: readLines !== undefined, changes: readChanges !== undefined };
      const { updates: _, allAgain: __, ...others } = claims;
      expect({ ordered, consistentRead, conditionalWrite, history, ...given }).toEqual(others);
    });

    describe('read', () => {
      test('every record comes once, with every field, in the declared order of the keys where reads are ordered', async () => {
        const keys = [];
        for (let i = 0; i < 25; i += 1) keys.push(await platform.seed({ [platform.text]: `text ${String(i)}`, [platform.other]: null }));
        const { connector, schema } = await prepared();
        const records = await all(connector.read({ schema }));
        expect(records.map((record) => record.key).sort()).toEqual([...keys].sort());
        if (connector.capabilities.ordered) {
          const order = schema.keyOrder ?? 'text';
          expect(records.map((record) => record.key)).toEqual([...keys].sort((a, b) => compareIn(order, a, b)));
        }
        if (schema.keyOrder === 'integer') expect(keys.filter((key) => !isInteger(key))).toEqual([]);
        for (const record of records) {
          expect(record.fields[platform.text]).toMatch(/^text \d+$/);
          expect(record.fields[platform.other]).toBeNull();
          for (const field of schema.fields) {
            expect(Object.hasOwn(field.readOnly ? record.fields : record.meta, field.name)).toBe(false);
          }
        }
      });

      test('an empty object type is no records, not an error', async () => {
        const { connector, schema } = await prepared();
        expect(await all(connector.read({ schema }))).toEqual([]);
        expect(await all(connector.read({ schema, keys: [] }))).toEqual([]);
      });

      test('keys that do not exist are left out, and a key asked for twice comes once', async () => {
        const first = await platform.seed({ [platform.text]: 'a' });
        const second = await platform.seed({ [platform.text]: 'b' });
        const { connector, schema } = await prepared();
        const records = await all(connector.read({ schema, keys: [second, platform.missingKey, first, second, 'no key at all', ''] }));
        expect(records.map((record) => record.key).sort()).toEqual([first, second].sort());
      });

      test('a field that the schema given leaves out is not read, in no way', async () => {
        const key = await platform.seed({ [platform.text]: 'a', [platform.other]: 'never to be stored' });
        const { connector, schema: whole } = await prepared();
        const schema = { ...whole, fields: whole.fields.filter(({ name: field }) => field !== platform.other) };
        const lines: string[] = [];
        for await (const { bytes } of connector.readLines?.(schema) ?? []) lines.push(bytes.toString('utf8'));
        const update = { action: 'update' as const, schema, key, set: { [platform.text]: 'b' }, expect: { [platform.text]: 'a' } };
        const told = [await all(connector.read({ schema })), await all(connector.read({ schema, keys: [key] })), await connector.write([update])];
        expect(JSON.stringify(told)).toContain(key);
        expect(lines.join('') + JSON.stringify(told)).not.toContain('never to be stored');
      });

      test('null, empty and a text stay what they are', async () => {
        const none = await platform.seed({ [platform.text]: null });
        const empty = await platform.seed({ [platform.text]: '' });
        const { connector, schema } = await prepared();
        const records = byKey(await all(connector.read({ schema, keys: [none, empty] })));
        expect(records.get(none)?.fields[platform.text]).toBeNull();
        expect(records.get(empty)?.fields[platform.text]).toBe(platform.emptyReads);
      });

      test('the worst texts come out as they are', async () => {
        const keys = new Map<string, string>();
        for (const text of plain(platform)) keys.set(await platform.seed({ [platform.text]: text }), text);
        const { connector, schema } = await prepared();
        const whole = byKey(await all(connector.read({ schema })));
        const picked = byKey(await all(connector.read({ schema, keys: [...keys.keys()] })));
        for (const [key, text] of keys) {
          expect(whole.get(key)?.fields[platform.text]).toBe(keptBy(platform, text));
          expect(picked.get(key)).toEqual(whole.get(key));
        }
      });

      test('finished lines are byte for byte the lines of the records', async ({ skip }) => {
        for (const text of plain(platform)) await platform.seed({ [platform.text]: text, [platform.other]: null });
        const { connector, schema } = await prepared();
        if (connector.readLines === undefined) return skip(`${name} gives no finished lines`);
        const expected = (await all(connector.read({ schema }))).map((record) => `${recordLine(record)}\n`);
        const lines: string[] = [];
        for await (const batch of connector.readLines(schema)) {
          let start = 0;
          for (const end of batch.ends) {
            lines.push(batch.bytes.toString('utf8', start, end));
            start = end;
          }
          expect(start).toBe(batch.bytes.length);
        }
        expect(lines).toEqual(expected);
      });

      test('records changed since a time are among those read', async () => {
        await platform.seed({ [platform.text]: 'old' });
        const { connector, schema } = await prepared();
        const changed = await platform.seed({ [platform.text]: 'new' });
        const records = await all(connector.read({ schema, changedSince: hourFrom(-1) }));
        expect(records.map((record) => record.key)).toContain(changed);
      });

      test('what changed since a time is told whole, or is unclear', async ({ skip }) => {
        const { connector, schema } = await prepared();
        skip(!claims.changes, `${name} does not tell what has changed`);
        const [stays, edited, removed] = [
          await platform.seed({ [platform.text]: 'a' }),
          await platform.seed({ [platform.text]: 'b' }),
          await platform.seed({ [platform.text]: 'c' }),
        ];
        const since = hourFrom(-1);
        await platform.edit(edited, { [platform.text]: 'now' });
        await platform.remove(removed);
        const made = await platform.seed({ [platform.text]: 'new' });
        const known = (async function* each() {
          yield await Promise.resolve([stays, edited, removed]);
        })();
        const changed = new Map<string, Value | undefined>();
        const gone: string[] = [];
        for await (const batch of connector.readChanges?.({ schema, since, known, most: 100 }) ?? []) {
          expect(batch).not.toHaveProperty('unclear');
          if ('gone' in batch) gone.push(...batch.gone);
          else if ('changed' in batch) for (const { key, fields } of batch.changed) changed.set(key, fields[platform.text]);
        }
        for (const key of gone) changed.delete(key);
        expect(gone).toEqual([removed]);
        changed.delete(stays);
        expect(Object.fromEntries(changed)).toEqual({ [edited]: 'now', [made]: 'new' });
      });

      test('what may have been written since a time is told by its keys, each once', async ({ skip }) => {
        const { connector, schema } = await prepared();
        skip(connector.writtenSince === undefined, `${name} cannot be asked for that`);
        const [stays, edited, removed] = [
          await platform.seed({ [platform.text]: 'a' }),
          await platform.seed({ [platform.text]: 'b' }),
          await platform.seed({ [platform.text]: 'c' }),
        ];
        const since = hourFrom(-1);
        await platform.edit(edited, { [platform.text]: 'now' });
        await platform.remove(removed);
        const keys: string[] = [];
        let total: number | undefined;
        for await (const batch of connector.writtenSince?.({ schema, since }) ?? []) {
          if ('keys' in batch) keys.push(...batch.keys);
          else if ('total' in batch) total = batch.total;
        }
        expect(keys.filter((key) => key === edited)).toEqual([edited]);
        expect(keys).not.toContain(removed);
        expect([total, new Set(keys).size]).toEqual([2, keys.length]);
        expect([stays, edited]).toEqual(expect.arrayContaining(keys));
        expect(connector.capabilities.history === 'field' ? (connector.keptChanges?.(schema.object) ?? 0) : 1).toBeGreaterThan(0);
      });

      test('some records last changed in a stretch of time are told, no more than are wanted', async ({ skip }) => {
        const { connector, schema } = await prepared();
        skip(connector.writtenBetween === undefined, `${name} cannot be asked for that`);
        for (let i = 0; i < 3; i += 1) await platform.seed({ [platform.text]: String(i) });
        const edited = await platform.seed({ [platform.text]: 'b' });
        await platform.edit(edited, { [platform.text]: 'now' });
        const around = { schema, from: hourFrom(-1), to: hourFrom(1) };
        const all = await connector.writtenBetween?.({ ...around, most: 10 });
        expect(all?.keys).toContain(edited);
        expect(new Set(all?.keys).size).toBe(all?.keys.length);
        expect((await connector.writtenBetween?.({ ...around, most: 1 }))?.keys).toHaveLength(1);
        const never = { schema, from: new Date(0), to: new Date(1000), most: 10 };
        expect(await connector.writtenBetween?.(never)).toMatchObject({ keys: [] });
      });

      test('how many records were created or changed last in a stretch of time is counted, and told to nobody who cannot know', async ({ skip }) => {
        const { connector, schema } = await prepared();
        skip(connector.count === undefined, `${name} cannot be asked for that`);
        for (let i = 0; i < 3; i += 1) await platform.seed({ [platform.text]: String(i) });
        await platform.edit(await platform.seed({ [platform.text]: 'b' }), { [platform.text]: 'now' });
        const [from, to] = [hourFrom(-1), hourFrom(1)];
        let told = 0;
        for (const event of ['created', 'changed'] as const) {
          await connector.count?.({ schema, event, from: to, to });
          const before = connector.usage().requests;
          const all = await connector.count?.({ schema, event, from, to });
          expect(connector.usage().requests - before).toBeLessThanOrEqual(2);
          if (all === undefined) continue;
          told += 1;
          expect(all).toBe(4);
          expect(await connector.count?.({ schema, event, from: to, to: new Date(to.getTime() + 1000) })).toBe(0);
          expect(await connector.count?.({ schema, event, from: new Date(0), to: from })).toBe(0);
          expect([0, undefined]).toContain(await connector.count?.({ schema, event, from, to, writer: 'nobody:0' }));
        }
        expect(told).toBeGreaterThan(0);
      });

      test('what happened outside the records is told, or said to be untold', async ({ skip }) => {
        const { connector } = await prepared();
        skip(connector.sideEffects === undefined, `${name} keeps nothing outside its records`);
        const [from, to] = [hourFrom(-1), hourFrom(1)];
        let heard = 0;
        for await (const some of connector.sideEffects?.({ from, to }) ?? []) {
          heard += 1;
          if ('untold' in some) expect([some.untold, some.why]).not.toContain('');
          else for (const { at } of some) expect(Date.parse(at)).toBeGreaterThanOrEqual(from.getTime());
        }
        expect(heard).toBeGreaterThan(0);
      });

      test('between beginRead and endRead nothing moves, where that is claimed', async ({ skip }) => {
        const key = await platform.seed({ [platform.text]: 'before' });
        const { connector, schema } = await prepared();
        skip(!connector.capabilities.consistentRead, `${name} claims no consistent reading`);
        await connector.beginRead?.();
        await all(connector.read({ schema }));
        await platform.edit(key, { [platform.text]: 'after' });
        await platform.seed({ [platform.text]: 'later' });
        expect((await all(connector.read({ schema }))).map((record) => record.fields[platform.text])).toEqual(['before']);
        expect((await all(connector.read({ schema, keys: [key, 'no key at all'] })))[0]?.fields[platform.text]).toBe('before');
        await connector.endRead?.();
        expect((await all(connector.read({ schema, keys: [key] })))[0]?.fields[platform.text]).toBe('after');
      });

      test('making ready to write changes nothing, and is waited for by nobody', async ({ skip }) => {
        const key = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        skip(connector.beginWrite === undefined, `${name} has nothing to make ready`);
        for (let i = 0; i < 3; i += 1) expect(connector.beginWrite?.()).toBeUndefined();
        expect(await all(connector.read({ schema, keys: [key] }))).toMatchObject([{ key, fields: { [platform.text]: 'a' } }]);
        expect(
          await connector.write([{ action: 'update', schema, key, set: { [platform.text]: 'b' }, expect: { [platform.text]: 'a' } }]),
        ).toMatchObject([{ status: 'applied', key }]);
        connector.beginWrite?.();
        await connector.close();
      });

      test('a reader that stops early leaves the connector usable', async () => {
        for (let i = 0; i < 5; i += 1) await platform.seed({ [platform.text]: String(i) });
        const { connector, schema } = await prepared();
        for await (const batch of connector.read({ schema })) if (batch.records.length > 0) break;
        for await (const batch of connector.readLines?.(schema) ?? []) if (batch.bytes.length > 0) break;
        expect(await all(connector.read({ schema }))).toHaveLength(5);
      });

      test('who changed a record is told, where history is claimed', async ({ skip }) => {
        const key = await platform.seed({ [platform.text]: 'a' });
        await platform.edit(key, { [platform.text]: 'b' });
        const { connector, schema } = await prepared();
        skip(connector.capabilities.history === 'none', `${name} claims no history`);
        const batches: RecordBatch[] = [];
        for await (const batch of connector.read({ schema, keys: [key], history: [platform.text] })) batches.push(batch);
        const changes = batches.flatMap((batch) => [...(batch.history ?? [])]).find(([of]) => of === key)?.[1].fields[platform.text];
        expect(changes?.length).toBeGreaterThan(0);
        expect(changes?.[0]?.writer).toBeTypeOf('string');
        expect(Number.isNaN(Date.parse(changes?.[0]?.at ?? ''))).toBe(false);
        if (connector.capabilities.history === 'field') expect(changes?.map((change) => change.value)).toEqual(['b', 'a']);
      });

      test('of a record that is gone, what is told is who deleted it, when, and what it held', async ({ skip }) => {
        const [stays, removed] = [await platform.seed({ [platform.text]: 'a' }), await platform.seed({ [platform.text]: 'b' })];
        await platform.edit(removed, { [platform.text]: 'held' });
        const { connector, schema } = await prepared();
        if (connector.capabilities.history !== 'field') return skip(`${name} claims no history of fields`);
        await platform.remove(removed);
        const told = new Map<string, RecordHistory>();
        for await (const { history } of connector.read({ schema, keys: [stays, removed, platform.missingKey], history: [platform.text] }))
          for (const [key, one] of history ?? []) told.set(key, one);
        expect(told.get(stays)?.deleted).toBeUndefined();
        expect(told.has(platform.missingKey)).toBe(false);
        const gone: string[] = [];
        const since = hourFrom(-1);
        for await (const batch of connector.writtenSince?.({ schema, since, only: 'keys' }) ?? []) if ('gone' in batch) gone.push(...batch.gone);
        // A driver that tells of none of them never says that one is gone.
        expect([gone.filter((key) => key === removed), gone.includes(stays)]).toEqual([told.has(removed) ? [removed] : [], false]);
        const deleted = told.get(removed)?.deleted;
        expect(connector.capabilities.tellsDeletions === true).toBe(told.has(removed));
        if (!told.has(removed)) return;
        expect(deleted?.held).toEqual({ [platform.text]: 'held' });
        expect(deleted?.writer).toBeTypeOf('string');
        expect(Number.isNaN(Date.parse(deleted?.at ?? ''))).toBe(false);
      });
    });

    describe('write', () => {
      test('one result per mutation, in order, and a bad one does not take the others with it', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const first = await platform.seed({ [platform.text]: 'a' });
        const last = await platform.seed({ [platform.text]: 'b' });
        const { connector, schema } = await prepared();
        const update = (key: string, from: string) => ({
          action: 'update' as const,
          schema,
          key,
          set: { [platform.text]: `new ${key}` },
          expect: { [platform.text]: from },
        });
        const results = await connector.write([update(last, 'b'), update(platform.missingKey, 'x'), update(first, 'a')]);
        expect(results.map((result) => result.status === 'applied')).toEqual([true, false, true]);
        expect(results[0]).toMatchObject({ status: 'applied', key: last });
        expect(results[2]).toMatchObject({ status: 'applied', key: first });
        expect(results[1]).toMatchObject({ status: 'rejected', reason: 'deleted-later' });
        expect((await platform.truth(last))?.[platform.text]).toBe(`new ${last}`);
        expect((await platform.truth(first))?.[platform.text]).toBe(`new ${first}`);
      });

      test('only the fields that were given are written', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const key = await platform.seed({ [platform.text]: 'damaged', [platform.other]: 'innocent' });
        const { connector, schema } = await prepared();
        expect(
          await connector.write([{ action: 'update', schema, key, set: { [platform.text]: null }, expect: { [platform.text]: 'damaged' } }]),
        ).toMatchObject([{ status: 'applied', key }]);
        const truth = await platform.truth(key);
        expect(truth?.[platform.text]).toBe(null);
        expect(truth?.[platform.other]).toBe('innocent');
      });

      test('whoever is told that a write is under way changes nothing about it', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const key = await platform.seed({ [platform.text]: 'damaged' });
        const { connector, schema } = await prepared();
        let told = 0;
        const results = await connector.write(
          [{ action: 'update', schema, key, set: { [platform.text]: 'good' }, expect: { [platform.text]: 'damaged' } }],
          {
            underWay: () => void (told += 1),
          },
        );
        expect(results).toMatchObject([{ status: 'applied', key }]);
        expect(told).toBeLessThanOrEqual(1);
      });

      test('a value that moved meanwhile is left alone, where conditional writes are claimed', async ({ skip }) => {
        const moved = await platform.seed({ [platform.text]: 'damaged' });
        const still = await platform.seed({ [platform.text]: null });
        const { connector, schema } = await prepared();
        skip(!connector.capabilities.conditionalWrite, `${name} claims no conditional writes`);
        await platform.edit(moved, { [platform.text]: 'by a colleague' });
        const results = await connector.write([
          { action: 'update', schema, key: moved, set: { [platform.text]: 'good' }, expect: { [platform.text]: 'damaged' } },
          { action: 'update', schema, key: still, set: { [platform.text]: 'good' }, expect: { [platform.text]: null } },
          { action: 'update', schema, key: still, set: { [platform.text]: 'again' }, expect: { [platform.text]: null } },
        ]);
        expect(results[0]).toEqual({ status: 'moved', live: { [platform.text]: 'by a colleague' } });
        expect(results[1]).toMatchObject({ status: 'applied', key: still });
        expect(results[2]).toEqual({ status: 'moved', live: { [platform.text]: 'good' } });
        expect((await platform.truth(moved))?.[platform.text]).toBe('by a colleague');
        const deleted = await connector.write([{ action: 'delete', schema, key: moved, expect: { [platform.text]: 'damaged' } }]);
        expect(deleted[0]?.status).toBe('moved');
        expect(await platform.truth(moved)).toBeDefined();
      });

      test('the worst texts go in as they are', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const keys: string[] = [];
        for (const text of NASTY) keys.push(await platform.seed({ [platform.text]: `was ${text}` }));
        const { connector, schema } = await prepared();
        const results = await connector.write(
          NASTY.map((text, i) => ({
            action: 'update',
            schema,
            key: keys[i] ?? '',
            set: { [platform.text]: text },
            expect: { [platform.text]: `was ${text}` },
          })),
        );
        const altered = NASTY.map((text) => platform.alters?.(text) === true);
        expect(results.map((result) => result.status)).toEqual(altered.map((is) => (is ? 'rejected' : 'applied')));
        for (const [i, text] of NASTY.entries())
          expect((await platform.truth(keys[i] ?? ''))?.[platform.text]).toBe(altered[i] === true ? `was ${text}`.trim() : keptBy(platform, text));
      });

      test('a text that the platform would change on the way is refused, not changed', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const key = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        const [result] = await connector.write([
          { action: 'update', schema, key, set: { [platform.text]: 'half a pair: \ud800' }, expect: { [platform.text]: 'a' } },
        ]);
        expect(result?.status).toBe('rejected');
        expect((await platform.truth(key))?.[platform.text]).toBe('a');
      });

      test('a field that is gone is a result, not a failure of the batch', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const key = await platform.seed({ [platform.text]: 'a' });
        const ok = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        const results = await connector.write([
          { action: 'update', schema, key, set: { field_that_is_gone: 'x' }, expect: { field_that_is_gone: null } },
          { action: 'update', schema, key: ok, set: { [platform.text]: 'b' }, expect: { [platform.text]: 'a' } },
        ]);
        expect(results[0]).toMatchObject({ status: 'rejected', reason: 'field-removed' });
        expect(results[1]).toMatchObject({ status: 'applied', key: ok });
      });

      test('a batch of the largest size allowed works', async () => {
        const { connector, schema } = await prepared();
        const size = connector.capabilities.batch.create;
        const made = await connector.write(
          Array.from({ length: size }, (_, i) => ({
            action: 'create',
            schema,
            key: keyLike(platform, i),
            set: newFields(platform, { [platform.text]: String(i) }, i),
          })),
        );
        expect(statuses(made)).toEqual({ applied: size });
        const keys = made.map((result) => (result.status === 'applied' ? result.key : ''));
        expect(new Set(keys).size).toBe(size);
        const read = byKey(await all(connector.read({ schema, keys })));
        expect(keys.map((key) => read.get(key)?.fields[platform.text])).toEqual(keys.map((_, i) => String(i)));
      });

      test('a created record has its old key where that is claimed, else a new one, and the given values', async () => {
        const { connector, schema } = await prepared();
        const key = keyLike(platform, 7);
        const [result] = await connector.write([
          { action: 'create', schema, key, set: newFields(platform, { [platform.text]: 'x', [platform.other]: null }) },
        ]);
        if (result?.status !== 'applied') throw new Error(JSON.stringify(result));
        expect(result.key === key).toBe(schema.createWithKey);
        expect((await platform.truth(result.key))?.[platform.text]).toBe('x');
      });

      test('a unique value that is taken is refused as such', async ({ skip }) => {
        if (platform.unique === undefined) return skip(`no field of ${name} has to be unique here`);
        await platform.seed({ [platform.unique]: 'taken@example.com' });
        const { connector, schema } = await prepared();
        const results = await connector.write([
          { action: 'create', schema, key: keyLike(platform, 1), set: newFields(platform, { [platform.unique]: 'taken@example.com' }) },
          { action: 'create', schema, key: keyLike(platform, 2), set: newFields(platform, { [platform.unique]: 'free@example.com' }) },
        ]);
        expect(results[0]).toMatchObject({ status: 'rejected', reason: 'unique-taken' });
        expect(results[1]?.status).toBe('applied');
      });

      test('a deleted record is gone, and deleting it again harms nothing', async () => {
        const key = await platform.seed({ [platform.text]: 'bad' });
        const kept = await platform.seed({ [platform.text]: 'good' });
        const { connector, schema } = await prepared();
        expect(await connector.write([{ action: 'delete', schema, key, expect: { [platform.text]: 'bad' } }])).toEqual([{ status: 'applied', key }]);
        expect(await platform.truth(key)).toBeUndefined();
        expect((await all(connector.read({ schema }))).map((record) => record.key)).toEqual([kept]);
        const [again] = await connector.write([{ action: 'delete', schema, key, expect: { [platform.text]: 'bad' } }]);
        expect(['applied', 'moved', 'rejected']).toContain(again?.status);
        expect(await platform.truth(kept)).toBeDefined();
      });

      test('a deleted record comes back with its key where that is described, and one that cannot is told apart', async ({ skip }) => {
        const key = await platform.seed({ [platform.text]: 'good' });
        const { connector, schema } = await prepared();
        skip(!schema.undelete, `${name} brings no ${schema.object} back`);
        await connector.write([{ action: 'delete', schema, key, expect: { [platform.text]: 'good' } }]);
        const can = await connector.undeletable?.(schema, [key, platform.missingKey]);
        if (can !== undefined) expect([...can]).toEqual([key]);
        const undelete = (each: string) => ({ action: 'undelete' as const, schema, key: each });
        expect(await connector.write([undelete(platform.missingKey), undelete(key)])).toMatchObject([
          { status: 'rejected', reason: 'irreversible' },
          { status: 'applied', key },
        ]);
        expect((await platform.truth(key))?.[platform.text]).toBe('good');
        expect((await all(connector.read({ schema }))).map((record) => record.key)).toEqual([key]);
      });

      test('a deleted record that nobody can create again is told by its key, with the reason', async ({ skip }) => {
        const [kept, removed] = [await platform.seed({ [platform.text]: 'a' }), await platform.seed({ [platform.text]: 'b' })];
        await platform.remove(removed);
        const { connector, schema } = await prepared();
        skip(connector.neverAgain === undefined, `every record of ${name} can be created again`);
        const never = await connector.neverAgain?.(schema, [removed, platform.missingKey]);
        if (claims.allAgain === true) expect([...(never?.keys() ?? [])]).toEqual([]);
        else expect(never?.get(platform.missingKey)?.why).toMatch(/\.$/u);
        expect([kept, removed, platform.missingKey]).toEqual(expect.arrayContaining([...(never?.keys() ?? [])]));
        expect(never?.has(kept)).toBe(false);
      });

      test('nothing to write is no request', async () => {
        const connector = await open();
        const before = connector.usage().requests;
        expect(await connector.write([])).toEqual([]);
        expect(connector.usage().requests).toBe(before);
      });
    });

    describe('lost answers', () => {
      test('an update whose answer is lost is in doubt, and reading tells what became of it', async ({ skip }) => {
        skip(claims.updates === false, `${name} changes no record`);
        const key = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        await warmUp(connector, schema, await platform.seed({ [platform.text]: 'warm' }), platform.text);
        await platform.faults.dropNextAnswer();
        const results = await connector.write([{ action: 'update', schema, key, set: { [platform.text]: 'b' }, expect: { [platform.text]: 'a' } }]);
        expect(results.map((result) => result.status)).toEqual(['in_doubt']);
        await platform.faults.heal();
        expect((await all(connector.read({ schema, keys: [key] })))[0]?.fields[platform.text]).toBe('b');
      });

      test('a create whose answer is lost is found again, so that it is not made twice', async () => {
        const { connector, schema } = await prepared();
        await warmUp(connector, schema, await platform.seed({ [platform.text]: 'warm' }), platform.text);
        const create = {
          action: 'create' as const,
          schema,
          key: keyLike(platform, 3),
          set: newFields(platform, { [platform.text]: 'made once', [platform.other]: 'x' }, 3),
        };
        const never = {
          action: 'create' as const,
          schema,
          key: keyLike(platform, 4),
          set: newFields(platform, { [platform.text]: 'never sent', [platform.other]: 'y' }, 4),
        };
        const since = platform.now();
        await platform.faults.dropNextAnswer();
        expect((await connector.write([create])).map((result) => result.status)).toEqual(['in_doubt']);
        await platform.faults.heal();
        const found = await connector.findCreated([create, never], since);
        expect(found).toHaveLength(2);
        expect(found[1]).toEqual({ state: 'absent' });
        if (found[0]?.state !== 'created') throw new Error(JSON.stringify(found));
        expect((await platform.truth(found[0].key))?.[platform.text]).toBe('made once');
      });

      test('an update that the platform does after its connection was cut is there when it was waited for that', async ({ skip }) => {
        const { late } = platform.faults;
        skip(late === undefined, `${name} does nothing for a connection that is gone`);
        const key = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        await warmUp(connector, schema, await platform.seed({ [platform.text]: 'warm' }), platform.text);
        late?.nextUpdate(LATE_MS);
        const results = await connector.write([{ action: 'update', schema, key, set: { [platform.text]: 'b' }, expect: { [platform.text]: 'a' } }]);
        expect(results.map((result) => result.status)).toEqual(['in_doubt']);
        expect(await connector.settled?.(undefined)).toBe(true);
        expect((await all(connector.read({ schema, keys: [key] })))[0]?.fields[platform.text]).toBe('b');
        expect(await connector.settled?.(new Date(1))).toBe(false);
      });

      test('a create that the platform does after its connection was cut leads to one record, also where it is made again', async ({ skip }) => {
        const { late } = platform.faults;
        skip(late === undefined, `${name} does nothing for a connection that is gone`);
        const { connector, schema } = await prepared();
        await warmUp(connector, schema, await platform.seed({ [platform.text]: 'warm' }), platform.text);
        const set = newFields(platform, { [platform.text]: 'made late', [platform.other]: 'z' }, 5);
        const create = { action: 'create' as const, schema, key: keyLike(platform, 5), set };
        const since = platform.now();
        late?.nextCreate(LATE_MS);
        expect((await connector.write([create])).map((result) => result.status)).toEqual(['in_doubt']);
        const [found] = await connector.findCreated([create], since);
        if (found?.state === 'absent') await connector.write([create]);
        late?.passed(LATE_MS);
        const made = (await all(connector.read({ schema }))).filter(({ fields }) => fields[platform.text] === 'made late');
        expect(made).toHaveLength(1);
        if (found?.state === 'created') expect(made[0]?.key).toBe(found.key);
      });

      test('a platform that cannot be reached is an error that names it, and nothing was written', async () => {
        const key = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        await platform.faults.cutOff();
        const read: unknown = await all(connector.read({ schema, keys: [key] })).catch((error: unknown) => error);
        expect(isRunbackError(read, 'platform-unreachable')).toBe(true);
        const written: unknown = await connector.write(anyWrite(schema, key)).catch((error: unknown) => error);
        expect(
          isRunbackError(written, 'platform-unreachable') || (Array.isArray(written) && (written as MutationResult[])[0]?.status === 'failed'),
        ).toBe(true);
        await platform.faults.heal();
        expect((await platform.truth(key))?.[platform.text]).toBe('a');
      });
    });

    describe('stopping', () => {
      test('an aborted call sends nothing', async () => {
        const key = await platform.seed({ [platform.text]: 'a' });
        const { connector, schema } = await prepared();
        const signal = AbortSignal.abort();
        const before = connector.usage().requests;
        await expect(all(connector.read({ schema }, { signal }))).rejects.toThrow(/stopped|abort/i);
        await expect(connector.write(anyWrite(schema, key), { signal })).rejects.toThrow(/stopped|abort/i);
        expect(connector.usage().requests).toBe(before);
        expect((await platform.truth(key))?.[platform.text]).toBe('a');
        expect(await all(connector.read({ schema }))).toHaveLength(1);
      });

      test('reading stops at an abort between two batches, and the connector stays usable', async () => {
        const { connector, schema } = await prepared();
        const size = connector.capabilities.batch.create;
        const rounds = Math.max(2, Math.ceil(((platform.page ?? 0) + 1) / size));
        for (let round = 0; round < rounds; round += 1)
          await connector.write(
            Array.from({ length: size }, (_, i) => ({
              action: 'create',
              schema,
              key: keyLike(platform, round * size + i),
              set: newFields(platform, { [platform.text]: 'x' }, round * size + i),
            })),
          );
        const controller = new AbortController();
        const error: unknown = await (async () => {
          for await (const batch of connector.read({ schema }, { signal: controller.signal })) {
            if (batch.records.length > 0) controller.abort();
          }
          return 'read to the end';
        })().catch((thrown: unknown) => thrown);
        expect(isRunbackError(error, 'interrupted') || (error as Error).name === 'AbortError').toBe(true);
        expect(await all(connector.read({ schema }))).toHaveLength(rounds * size);
      });
    });

    describe('links', () => {
      test('links are read, made and cut, one by one', async ({ skip }) => {
        if (platform.links === undefined) return skip(`no links of ${name} can be written here`);
        const { links } = platform;
        const [a, b, x, y] = [await links.seedFrom(), await links.seedFrom(), await links.seedTo(), await links.seedTo()];
        const connector = await open();
        const link = links.pick((await connector.describe(links.objects)).links);
        if (link === undefined) throw new Error('the kind of link is not described');
        const made = await connector.write([
          { action: 'link', link, from: a, to: x },
          { action: 'link', link, from: b, to: y },
        ]);
        expect(made.map((result) => result.status)).toEqual(['applied', 'applied']);
        expect(pairs(await links.truth())).toEqual(
          pairs([
            { from: a, to: x },
            { from: b, to: y },
          ]),
        );
        expect(pairs(await all2(connector.readLinks({ link })))).toEqual(
          pairs([
            { from: a, to: x },
            { from: b, to: y },
          ]),
        );
        expect(await all2(connector.readLinks({ link, fromKeys: [a] }))).toEqual([{ from: a, to: x }]);
        expect(await all2(connector.readLinks({ link, toKeys: [y] }))).toEqual([{ from: b, to: y }]);
        const cut = await connector.write([{ action: 'unlink', link, from: a, to: x }]);
        expect(cut.map((result) => result.status)).toEqual(['applied']);
        expect(pairs(await links.truth())).toEqual(pairs([{ from: b, to: y }]));
      });
    });
  });
}

async function schemaOf(connector: Connector, object: string): Promise<ObjectSchema> {
  const { objects } = await connector.describe([object]);
  const schema = objects.find((each) => each.object === object);
  if (schema === undefined) throw new Error(`${object} is not described`);
  return schema;
}

async function all(batches: AsyncIterable<RecordBatch>): Promise<PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const batch of batches) records.push(...batch.records);
  return records;
}

async function all2(batches: AsyncIterable<readonly Link[]>): Promise<Link[]> {
  const links: Link[] = [];
  for await (const batch of batches) links.push(...batch);
  return links;
}

function byKey(records: readonly PlatformRecord[]): ReadonlyMap<string, PlatformRecord> {
  return new Map(records.map((record) => [record.key, record]));
}

function pairs(links: readonly Link[]): string[] {
  return links.map((link) => `${link.from} → ${link.to}`).sort();
}

function statuses(results: readonly MutationResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Texts that a record of the platform can hold. */
function plain({ alters }: ContractPlatform): readonly string[] {
  return NASTY.filter((text) => alters?.(text) !== true);
}

/** These values of a new record, with what it cannot be without. */
function newFields(platform: ContractPlatform, fields: Readonly<Record<string, Value>>, n = 0): Readonly<Record<string, Value>> {
  return { ...platform.needs?.(n), ...fields };
}

function keptBy(platform: ContractPlatform, text: string): string {
  return platform.kept?.(text) ?? text;
}

/** A well-formed key that is not used: the old key of a deleted record. */
function keyLike(platform: ContractPlatform, n: number): string {
  return platform.unusedKey?.(n) ?? String(Number(platform.missingKey) + 1 + n);
}

/** Makes the writing connection, so that the next write is one request. */
async function warmUp(connector: Connector, schema: ObjectSchema, key: string, field: string): Promise<void> {
  await connector.write([{ action: 'update', schema, key, set: { [field]: 'warmed' }, expect: { [field]: 'warm' } }]);
}
