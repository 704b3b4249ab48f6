import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { deflateRawSync } from 'node:zlib';

import { ZipArchive } from 'archiver';
import { describe, expect, it } from 'vitest';

import { canonicalJson, isRunbackError, sha256 } from '../../src/lib/index.js';
import { openCatalog, openSnapshot } from '../../src/snapshots/index.js';
import { temporaryFolder } from '../support/store.js';
import { memoryPlatform, people } from './memory-platform.js';
import { reading, recordsIn, snapshotOf, workspace } from './support.js';

/** Any zip, made by the archiver that snapshots use. */
async function zipOf(entries: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const path = join(await temporaryFolder(), 'any.zip');
  const archive = new ZipArchive({ zlib: { level: 9 } });
  const output = archive.pipe(createWriteStream(path));
  for (const [name, content] of Object.entries(entries)) archive.append(content, { name });
  await archive.finalize();
  await finished(output);
  return path;
}

/** Puts another name of the same length into every header of a zip. */
async function renamed(path: string, from: string, to: string): Promise<string> {
  expect(to).toHaveLength(from.length);
  const bytes = await readFile(path);
  for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1)) bytes.write(to, at);
  await writeFile(path, bytes);
  return path;
}

describe('a file that is no snapshot is refused', () => {
  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('name,email\nann,ann@example.com\n'.repeat(20))],
    ['zeros', Buffer.alloc(100_000)],
    ['the end of a zip alone', Buffer.from('504b0506000000000000000000000000000000000000', 'hex')],
    ['a directory that claims four thousand million entries', Buffer.from('504b0506ffff0000ffffffffffffffff00000000ffff0000', 'hex')],
  ])('%s', async (_, bytes) => {
    const path = join(await temporaryFolder(), 'x.zip');
    await writeFile(path, bytes);
    await expect(openSnapshot(path)).rejects.toMatchObject({ code: 'snapshot-foreign' });
    await expect(openSnapshot(path, { salvage: true })).rejects.toMatchObject({ code: 'snapshot-foreign' });
  });

  it("another program's zip", async () => {
    await expect(openSnapshot(await zipOf({ 'report.docx': 'x', 'word/document.xml': '<a/>' }))).rejects.toMatchObject({ code: 'snapshot-foreign' });
  });

  it.each([
    '../../etc/cron.d/evil_____',
    '/etc/cron.d/evil__________',
    'data\\..\\..\\evil___________',
    'C:/windows/evil___________',
    'data/../../evil/00001.ndjsn',
    'header.json/../../evil____x',
  ])('one with an entry named %s', async (name) => {
    const path = await zipOf({ 'header.json': '{}', ['n'.repeat(name.length)]: 'x', 'manifest.json': '{}' });
    const error: unknown = await openSnapshot(await renamed(path, 'n'.repeat(name.length), name)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'snapshot-foreign' });
    expect(isRunbackError(error) && error.why).toContain(JSON.stringify(name).slice(1, -1));
  });

  it.each([['a later format version', { version: 6 }]])('a snapshot of a newer runback: %s', async (_, unsigned) => {
    const manifest = canonicalJson({ ...unsigned, sha256: sha256(canonicalJson(unsigned)) });
    await expect(openSnapshot(await zipOf({ 'header.json': '{}', 'manifest.json': manifest }))).rejects.toMatchObject({ code: 'snapshot-newer' });
  });

  it('a snapshot of a newer runback: encrypted parts', async () => {
    const path = await zipOf({ 'header.json': '{}', 'data/crm/contacts/00001.ndjson.gz.age': 'x', 'manifest.json.age': 'x' });
    await expect(openSnapshot(path)).rejects.toMatchObject({ code: 'snapshot-newer' });
  });

  it('a snapshot that was renamed', async () => {
    const deps = await workspace();
    const { path, id } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }), deps);
    await writeFile(join(deps.dir, 'holiday.zip'), await readFile(path));
    await writeFile(join(deps.dir, 'notes.txt'), 'not a snapshot');
    const { snapshots, ignored } = await openCatalog(deps).survey();
    expect(snapshots.map((summary) => summary.id)).toEqual([id]);
    expect(ignored).toMatchObject([{ path: join(deps.dir, 'holiday.zip') }]);
    await expect(openCatalog(deps).verify('holiday')).rejects.toMatchObject({ code: 'snapshot-foreign' });
  });
});

describe('an archive that unpacks without bound is stopped', () => {
  it('where it is larger than it says', async () => {
    const path = await snapshotWithPart(deflateRawSync(Buffer.alloc(200 << 20, 0x20), { level: 9 }), 1000);
    const before = process.memoryUsage().rss;
    await reading(path, async (reader) => {
      const { damage } = await reader.verify();
      expect(damage.find(({ object }) => object === 'contacts')?.why).toContain('unpacks to more than');
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
  });

  it('where it says that it is larger than anything', async () => {
    const packed = deflateRawSync(Buffer.alloc(1000, 0x20));
    const path = await snapshotWithPart(packed, 4_000_000_000);
    // A directory that lies is not believed: what the manifest vouches for is found without it, and the part is not
    // unpacked.
    await reading(path, async (reader) => {
      expect(reader.damage[0]).toMatchObject({ entry: '(directory)' });
      expect((await reader.verify()).damage.find(({ object }) => object === 'contacts')).toMatchObject({ rows: 3 });
    });
  });

  it('where entries share their bytes', async () => {
    const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(100) } }));
    const bytes = await readFile(path);
    const first = bytes.indexOf(Buffer.from('504b0102', 'hex'));
    const second = bytes.indexOf(Buffer.from('504b0102', 'hex'), first + 4);
    bytes.copy(bytes, second + 42, first + 42, first + 46);
    await writeFile(path, bytes);
    // The manifest and the local headers are intact, so the snapshot can be read without that directory.
    await reading(path, async (reader) => {
      expect(reader.damage).toMatchObject([{ entry: '(directory)' }]);
      expect(await recordsIn(reader, 'crm', 'contacts')).toHaveLength(100);
      expect((await reader.verify()).damage).not.toEqual([]);
    });
  });
});

/** A snapshot whose only part was exchanged for other deflated bytes, which its directory says unpack to `bytes`. */
async function snapshotWithPart(packed: Buffer, bytes: number): Promise<string> {
  const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }));
  const good = await readFile(path);
  const name = 'data/crm/contacts/00001.ndjson';
  const local = good.indexOf(name) - 30;
  const directory = good.indexOf(Buffer.from('504b0102', 'hex'));
  const central = good.lastIndexOf(name) - 46;
  const oldBytes = good.readUInt32LE(central + 20);
  const start = local + 30 + name.length;
  const changed = Buffer.concat([good.subarray(0, start), packed, good.subarray(start + oldBytes)]);
  const moved = packed.length - oldBytes;
  changed.writeUInt32LE(packed.length, central + moved + 20);
  changed.writeUInt32LE(bytes, central + moved + 24);
  for (
    let at = directory + moved;
    changed.readUInt32LE(at) === 0x02014b50;
    at += 46 + changed.readUInt16LE(at + 28) + changed.readUInt16LE(at + 30)
  ) {
    const offset = changed.readUInt32LE(at + 42);
    if (offset > local) changed.writeUInt32LE(offset + moved, at + 42);
  }
  const end = changed.lastIndexOf(Buffer.from('504b0506', 'hex'));
  changed.writeUInt32LE(directory + moved, end + 16);
  const target = join(await temporaryFolder(), 'bomb.zip');
  await writeFile(target, changed);
  return target;
}

const tool = (name: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
};

describe('a snapshot without runback', () => {
  const missing = ['unzip', 'jq'].filter((name) => !tool(name));
  if (missing.length > 0) console.log(`skipped: not installed: ${missing.join(', ')}`);

  it.skipIf(missing.length > 0)('is read with unzip and jq', async () => {
    const { path } = await snapshotOf(memoryPlatform('crm', { objects: { 'contacts/ü': people(50) } }));
    execFileSync('unzip', ['-tq', path]);
    const emails = execFileSync('sh', ['-c', 'unzip -p "$0" "data/*" | jq -r .fields.email', path], { encoding: 'utf8' });
    expect(emails.trim().split('\n').sort()).toEqual(
      people(50)
        .map(({ fields }) => JSON.stringify(fields['email']).slice(1, -1))
        .sort(),
    );
  });

  it.skipIf(missing.length > 0 || !tool('zip'))('is still read after another program packed it again, and verify says that it was', async () => {
    const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(50) } }));
    const folder = join(await temporaryFolder(), 'unpacked');
    await mkdir(folder);
    execFileSync('unzip', ['-q', path, '-d', folder]);
    const again = join(folder, '..', 'again.zip');
    execFileSync('zip', ['-qr', again, '.'], { cwd: folder });
    await reading(again, async (reader) => {
      expect(await recordsIn(reader, 'crm', 'contacts')).toHaveLength(50);
      expect((await reader.verify()).damage).toMatchObject([{ entry: '(container)' }]);
    });
  });
});
