import { describe, expect, it } from 'vitest';

import { sha256 } from '../../src/lib/index.js';
import { openCatalog, openSnapshot, type SnapshotManifest } from '../../src/snapshots/index.js';
import { craft } from './forge.js';
import { memoryPlatform, people } from './memory-platform.js';
import { reading, recordsIn, snapshotOf, workspace } from './support.js';

/**
 * A person would lose: a command that ends in the middle, or never, because of a file that somebody else made. Every
 * digest in these files fits: only what they say is nonsense.
 */

const PART = 'data/crm/contacts/00001.ndjson';
const SCHEMA = 'schema/crm/contacts.json';
const LINKS = 'schema/crm/links.json';
const DEEP = 1_000_000;

async function crafted(...[edit, manifest]: [Parameters<typeof craft>[1], Parameters<typeof craft>[2]?]): Promise<string> {
  const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }));
  await craft(path, edit, manifest);
  return path;
}

const lines = (bytes: Buffer | undefined): string[] => (bytes?.toString('utf8') ?? '').trimEnd().split('\n');
/** A snapshot whose second line is another one; `{k}` stands for its key. */
const withLine = (make: (line: string, key: string) => string): Promise<string> =>
  crafted((entries) => {
    const all = lines(entries.get(PART));
    const line = all[1] ?? '';
    all[1] = make(line, (JSON.parse(line) as { key: string }).key);
    entries.set(PART, Buffer.from(`${all.join('\n')}\n`));
  });
const withEntry = (name: string, text: string): Promise<string> => crafted((entries) => void entries.set(name, Buffer.from(text)));

describe('a line of another shape is damage, in verify and wherever it is read', () => {
  it.each<[string, (line: string, key: string) => string]>([
    ['nests a million arrays', (_, key) => `{"key":"${key}","fields":{"a":${'['.repeat(DEEP)}${']'.repeat(DEEP)}},"meta":{}}`],
    ['nests a million objects', (_, key) => `{"key":"${key}","fields":{"a":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}},"meta":{}}`],
    ['is an array', () => '["key"]'],
    ['is a number', () => '7'],
    ['is null', () => 'null'],
    ['is empty', () => ''],
    ['is no JSON', (_, key) => `{"key":"${key}","fields":{`],
    ['has no key', () => '{"fields":{},"meta":{}}'],
    ['has a number as key', () => '{"key":2,"fields":{},"meta":{}}'],
    ['has a list as fields', (_, key) => `{"key":"${key}","fields":[],"meta":{}}`],
    ['has a text as fields', (_, key) => `{"key":"${key}","fields":"x","meta":{}}`],
    ['has no meta', (_, key) => `{"key":"${key}","fields":{}}`],
    ['has null as meta', (_, key) => `{"key":"${key}","fields":{},"meta":null}`],
    ['has its key behind its fields', (_, key) => `{"fields":{},"key":"${key}","meta":{}}`],
    ['has an escape that JSON does not know in its key', () => '{"key":"\\q","fields":{},"meta":{}}'],
    ['has a key out of order', (line) => line.replace(/"key":"[^"]*"/u, '"key":"zzzz"')],
    ['stands there twice', (line) => `${line}\n${line}`],
  ])('%s', async (_, make) => {
    const path = await withLine(make);
    await reading(path, async (reader) => {
      const { damage } = await reader.verify();
      expect(damage).toMatchObject([{ entry: PART, object: 'contacts' }]);
      await expect(recordsIn(reader, 'crm', 'contacts')).rejects.toMatchObject({ code: 'snapshot-damaged' });
      const [info] = reader.manifest.objects;
      if (info === undefined) throw new Error('the snapshot holds no object type');
      await expect(reader.line(info, info.parts[0]?.firstKey ?? '')).rejects.toMatchObject({ code: 'snapshot-damaged' });
    });
  });

  it('keys that no platform gives are keys all the same', async () => {
    for (const key of ['\ud800', 'a\u0000b', '__proto__']) {
      const path = await crafted(
        (entries) => entries.set(PART, Buffer.from(`{"key":${JSON.stringify(key)},"fields":{},"meta":{}}\n`)),
        (unsigned) => ({
          ...unsigned,
          objects: unsigned.objects.map((info) => ({
            ...info,
            rows: 1,
            parts: info.parts.map((part) => ({ ...part, rows: 1, firstKey: key, lastKey: key })),
          })),
        }),
      );
      await reading(path, async (reader) => {
        expect((await reader.verify()).damage).toEqual([]);
        expect((await recordsIn(reader, 'crm', 'contacts')).map((record) => record.key)).toEqual([key]);
      });
    }
  });
});

describe('a schema that describes nothing is damage', () => {
  it.each([
    [SCHEMA, '[]'],
    [SCHEMA, '7'],
    [SCHEMA, '{'],
    [SCHEMA, '{"object":"contacts"}'],
    [SCHEMA, '{"object":"contacts","keyFields":[],"fields":"no","createWithKey":true,"undelete":true,"sideEffects":[]}'],
    [SCHEMA, '['.repeat(DEEP)],
    [LINKS, '{"objects":"contacts","links":[]}'],
    [LINKS, '{"objects":["contacts"],"links":[7]}'],
    [LINKS, `{"objects":${'['.repeat(DEEP)}${']'.repeat(DEEP)},"links":[]}`],
  ])('%s: %.60s', async (name, text) => {
    const path = await withEntry(name, text);
    await reading(path, async (reader) => {
      expect((await reader.verify()).damage).toMatchObject([{ entry: name }]);
      await expect(reader.schema('crm')).rejects.toMatchObject({ code: 'snapshot-damaged' });
    });
  });
});

describe('a manifest that does not fit itself is none', () => {
  const times = <T>(one: T, n: number): T[] => Array.from({ length: n }, () => one);
  it.each<[string, (unsigned: Omit<SnapshotManifest, 'sha256'>) => Omit<SnapshotManifest, 'sha256'> | Buffer]>([
    [
      'it lists one part 100,000 times',
      (unsigned) => ({
        ...unsigned,
        objects: unsigned.objects.map((info) => ({ ...info, parts: times(info.parts[0], 100_000).flatMap((part) => part ?? []) })),
      }),
    ],
    ['it lists one object type twice', (unsigned) => ({ ...unsigned, objects: [...unsigned.objects, ...unsigned.objects] })],
    ['it counts more rows than there are', (unsigned) => ({ ...unsigned, objects: unsigned.objects.map((info) => ({ ...info, rows: 1e15 })) })],
    [
      'it has an object type of no platform',
      (unsigned) => ({ ...unsigned, objects: unsigned.objects.map((info) => ({ ...info, platform: 'other' })) }),
    ],
    ['it is another one inside', (unsigned) => ({ ...unsigned, header: { ...unsigned.header, id: 'snap-other' } })],
    [
      'a part of it is the header',
      (unsigned) => ({
        ...unsigned,
        objects: unsigned.objects.map((info) => ({ ...info, parts: info.parts.map((part) => ({ ...part, name: 'header.json' })) })),
      }),
    ],
    ['it is a list', () => Buffer.from('[]')],
    ['it nests a million arrays', () => Buffer.from(`{"x":${'['.repeat(DEEP)}${']'.repeat(DEEP)},"sha256":"${sha256('')}"}`)],
    ['it holds millions of nothing', () => Buffer.from(`{"x":[${times(0, 3_000_000).join(',')}],"sha256":"${sha256('')}"}`)],
  ])('%s', async (_, manifest) => {
    const path = await crafted(() => undefined, manifest);
    await expect(openSnapshot(path)).rejects.toMatchObject({ code: 'snapshot-damaged' });
    // What is left without it can still be looked at.
    const reader = await openSnapshot(path, { salvage: true });
    expect((await reader.verify()).damage).not.toEqual([]);
    await reader.close();
  });
});

it('a snapshot that we made ourselves is not read line by line to be believed, one from elsewhere is, also by adopt', async () => {
  const deps = await workspace();
  const summary = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }), deps);
  const other = await workspace();
  const path = await withLine(() => '7');
  const foreign = await openSnapshot(path).then(async (reader) => {
    await reader.close();
    return reader.manifest.id;
  });
  const { copyFile } = await import('node:fs/promises');
  await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(1) } }), other);
  await copyFile(path, `${other.dir}/${foreign}.zip`);
  expect((await openCatalog(deps).verify(summary.id)).damage).toEqual([]);
  await expect(openCatalog(other).adopt(foreign, 'maya')).rejects.toMatchObject({ code: 'snapshot-damaged' });
});
