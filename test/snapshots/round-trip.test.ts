import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareKeys, recordLine, type PlatformRecord, type Value } from '../../src/records/index.js';
import { sharedDataDir } from '../support/shared-data.js';
import { everyPoint } from '../support/sweeps.js';
import { memoryPlatform } from './memory-platform.js';
import { reading, recordsIn, snapshotOf, workspace } from './support.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('},"meta":{', '"', '\\', '\n', '\u0000', '\u2028', '🇩🇪', '__proto__'),
);
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    text,
    fc.bigInt().map(String),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constant('meta'), fc.string()), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const fields = fc.dictionary(fc.oneof(fc.constantFrom('meta', 'key', 'fields'), text), value, { maxKeys: 5, noNullPrototype: true });
const record = fc.record({ key: text, fields, meta: fields });

/** The records as they must come out: in key order. */
const sorted = (records: readonly PlatformRecord[]): PlatformRecord[] => [...records].sort((a, b) => compareKeys(a.key, b.key));

describe('G16: what comes out is what went in', () => {
  it('for any record, whatever strings and names it holds', async () => {
    const deps = await workspace();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(record, { selector: ({ key }) => key, maxLength: 30 }),
        fc.boolean(),
        text,
        async (records, ordered, object) => {
          const { path } = await snapshotOf(memoryPlatform('crm', { objects: { [`o${object}`]: records } }, { ordered }), deps);
          await reading(path, async (reader) => {
            expect(await recordsIn(reader, 'crm', `o${object}`)).toEqual(sorted(records));
            const [info] = reader.manifest.objects;
            for (const { key } of records) expect(info && (await reader.line(info, key))).toContain(`{"key":${JSON.stringify(key)},`);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  const folder = sharedDataDir();
  if (folder === undefined) console.log('skipped: no real data beside the repository (../shared/data)');

  it.skipIf(folder === undefined)('for strings that break software, as values, names and keys', async () => {
    const naughty = JSON.parse(await readFile(join(folder ?? '', 'naughty-strings.json'), 'utf8')) as string[];
    const mojibake = await readFile(join(folder ?? '', 'mojibake-in-the-wild.json'), 'utf8');
    const people = (await readFile(join(folder ?? '', 'febrl-people.csv'), 'utf8')).split('\n');
    const strings = [...new Set([...naughty, mojibake, ...people])];
    const records: PlatformRecord[] = strings.map((string, n) => ({
      key: string,
      fields: { text: string, [string]: n, nothing: null, empty: '', list: [string, ''] },
      meta: { [string]: string },
    }));
    for (const ordered of [true, false]) {
      // Half of them as each comes, so that every string is written and read once.
      const some = records.filter((_, n) => everyPoint || n % 2 === Number(ordered));
      const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: some } }, { ordered }), {
        ...(await workspace()),
        sortLimits: { memoryBytes: 200_000, fanIn: 4 },
      });
      await reading(path, async (reader) => {
        expect((await recordsIn(reader, 'crm', 'contacts')).map(recordLine)).toEqual(sorted(some).map(recordLine));
        expect((await reader.verify()).damage).toEqual([]);
      });
    }
  });
});
