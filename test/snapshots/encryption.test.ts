import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';

import { RunbackError } from '../../src/lib/index.js';
import { compareKeys, recordLine } from '../../src/records/index.js';
import { decryptionWith, encryptionFor, openCatalog, openSnapshot, type SnapshotStorage } from '../../src/snapshots/index.js';
import { folderStorage } from '../../src/snapshots/storage/folder.js';
import type { ByteSink, StoredFile } from '../../src/snapshots/storage/storage.js';
import { temporaryFolder } from '../support/store.js';
import { everyPoint } from '../support/sweeps.js';
import { memoryPlatform, people } from './memory-platform.js';
import { recordsIn, snapshotOf, workspace } from './support.js';

/** A pair of keys, with the text of the file that age-keygen writes. */
async function keyPair() {
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  return { identity, recipient, file: `# created: 2026-11-28T02:00:00Z\n# public key: ${recipient}\n${identity}\n` };
}

/** A folder of snapshots that are encrypted, and one of them. */
async function scene() {
  const keys = await keyPair();
  const plain = await workspace();
  const deps = { ...plain, encryption: encryptionFor([keys.recipient]) };
  const records = people(60);
  const summary = await snapshotOf(memoryPlatform('crm', { objects: { contacts: records } }), deps);
  const decryption = decryptionWith(() => Promise.resolve(keys.file));
  return { ...keys, plain, deps, records, summary, decryption };
}

const installed = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

describe('files of age', () => {
  const chunk = 64 << 10;

  it.each([0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 17])('of %i bytes are what the library writes and reads', async (size) => {
    const { identity, recipient, file } = await keyPair();
    const bytes = randomBytes(size);
    const theirs = new Encrypter();
    theirs.addRecipient(recipient);
    const library = new Decrypter();
    library.addIdentity(identity);
    const written = await encryptionFor([recipient]).encrypt(bytes);
    expect(Buffer.from(await library.decrypt(written)).equals(bytes)).toBe(true);
    const ours = decryptionWith(() => Promise.resolve(file));
    expect((await ours.decrypt(Buffer.from(await theirs.encrypt(bytes)))).equals(bytes)).toBe(true);
    expect((await ours.decrypt(written)).equals(bytes)).toBe(true);
  });

  it('are opened by each recipient, by nobody else, and never after a changed or missing byte', async () => {
    const [one, two, other] = [await keyPair(), await keyPair(), await keyPair()];
    const bytes = randomBytes(chunk + 100);
    const written = await encryptionFor([one.recipient, two.recipient]).encrypt(bytes);
    for (const { file } of [one, two]) expect((await decryptionWith(() => Promise.resolve(file)).decrypt(written)).equals(bytes)).toBe(true);
    await expect(decryptionWith(() => Promise.resolve(other.file)).decrypt(written)).rejects.toThrow('none of the keys at hand opens it');
    const ours = decryptionWith(() => Promise.resolve(one.file));
    for (let at = 0; at < written.length; at += at < 700 ? 1 : 997) {
      const changed = Buffer.from(written);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(ours.decrypt(changed), `byte ${at}`).rejects.toThrow(/damaged|cut off|no header|none of the keys/u);
    }
    for (const cut of [1, 16, 100, 116, chunk, written.length - 10])
      await expect(ours.decrypt(written.subarray(0, -cut))).rejects.toThrow(/damaged|cut off|no header/u);
  });

  it('are made without a warning of the engine that nobody can do anything about', async () => {
    const warned: string[] = [];
    const hear = ({ message }: Error): number => warned.push(message);
    process.on('warning', hear);
    await encryptionFor([await identityToRecipient(await generateIdentity())]).encrypt(Buffer.from('x'));
    process.emitWarning('The X25519 Web Crypto API algorithm is an experimental feature and might change at any time', 'ExperimentalWarning');
    process.emitWarning('something else', 'ExperimentalWarning');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect(warned.filter((message) => !message.startsWith('something'))).toEqual([]);
    expect(warned).toContain('something else');
  });

  it('name what is wrong with a recipient or a key', async () => {
    const { recipient, identity } = await keyPair();
    const mistyped = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
    await expect(encryptionFor([mistyped]).encrypt(Buffer.from('x'))).rejects.toMatchObject({ code: 'file-invalid' });
    const written = await encryptionFor([recipient]).encrypt(Buffer.from('x'));
    for (const text of ['', '# nothing', identity.slice(0, -2), 'ssh-ed25519 AAAA'])
      await expect(decryptionWith(() => Promise.resolve(text)).decrypt(written)).rejects.toMatchObject({ code: 'file-invalid' });
  });
});

describe('an encrypted snapshot', () => {
  it('reads with its key as a plain one would, and holds no value that could be read without', async () => {
    const { summary, records, decryption, plain } = await scene();
    const reader = await openSnapshot(summary.path, { keys: decryption });
    expect((await recordsIn(reader, 'crm', 'contacts')).map(recordLine)).toEqual(
      [...records].sort((a, b) => compareKeys(a.key, b.key)).map(recordLine),
    );
    const [info] = reader.manifest.objects;
    expect(info && (await reader.line(info, '1007'))).toContain('"key":"1007"');
    expect((await reader.verify()).damage).toEqual([]);
    await reader.close();
    const bytes = await readFile(summary.path, 'latin1');
    for (const word of ['email', 'example', 'lastname', ...records.slice(0, 5).map(({ fields }) => JSON.stringify(fields))])
      expect(bytes).not.toContain(word);
    expect((await readdir(join(plain.dir))).filter((name) => !name.endsWith('.zip'))).toEqual([]);
  });

  it('is taken, listed and checked for what was recorded where there is no key, and opened nowhere', async () => {
    const { summary, deps, plain, decryption } = await scene();
    const { path, bytes, record, verifiedAt: _, ...told } = summary;
    const keyless = openCatalog(deps);
    expect(await keyless.list()).toEqual([{ ...summary, encrypted: 'unreadable' }]);
    expect(await openCatalog({ ...plain, keys: decryption }).list()).toEqual([{ ...told, path, bytes, record, encrypted: 'readable' }]);
    for (const attempt of [
      () => keyless.open(summary.id),
      () => keyless.verify(summary.id),
      () => openSnapshot(path),
      () => openSnapshot(path, { salvage: true }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'snapshot-encrypted' });
    // Another file in its place, as right as it may be for its recipients.
    const other = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }), deps);
    await writeFile(path, await readFile(other.path));
    expect((await keyless.survey()).ignored).toMatchObject([{ path, why: expect.stringContaining('is not the snapshot') as string }]);
    await expect(keyless.resolve(summary.id)).rejects.toMatchObject({ code: 'snapshot-replaced' });
  });

  it('says why a key cannot be had, and calls no snapshot damaged for it', async () => {
    const { summary, plain } = await scene();
    const other = await keyPair();
    await expect(openSnapshot(summary.path, { keys: decryptionWith(() => Promise.resolve(other.file)) })).rejects.toMatchObject({
      code: 'snapshot-encrypted',
      why: 'None of the keys at hand opens it.',
    });
    const gone = new RunbackError('secret-missing', 'There is no file backup.key', { why: 'It was looked for.' });
    const nowhere = openCatalog({ ...plain, keys: decryptionWith(() => Promise.reject(gone)) });
    await expect(nowhere.open(summary.id)).rejects.toMatchObject({
      code: 'snapshot-encrypted',
      why: 'There is no file backup.key. It was looked for.',
    });
    expect((await nowhere.list()).map(({ encrypted }) => encrypted)).toEqual(['unreadable']);
  });

  it('tells of every changed byte, whatever it was in', async () => {
    const { summary, decryption } = await scene();
    const good = await readFile(summary.path);
    const path = join(await temporaryFolder(), 'changed.zip');
    const step = everyPoint ? 1 : 37;
    for (let at = 0; at < good.length; at += step) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, bad);
      let found: unknown;
      try {
        const reader = await openSnapshot(path, { keys: decryption });
        found = (await reader.verify()).damage.length;
        await reader.close();
      } catch (error) {
        found = (error as { code: string }).code;
      }
      expect(found, `byte ${at} of ${good.length}`).not.toBe(0);
    }
  });

  it('is built on by others where the key is at hand', async () => {
    const { plain, deps, decryption, records } = await scene();
    const catalog = openCatalog({ ...deps, keys: decryption });
    const base = await catalog.open('latest');
    const changed = records.map((one) => (one.key === '1007' ? { ...one, fields: { ...one.fields, email: 'new@example.com' } } : one));
    const platform = memoryPlatform('crm', { objects: { contacts: changed } });
    const { id } = await catalog.create({ platforms: [platform], by: 'maya', base });
    await base.close();
    const reader = await openCatalog({ ...plain, keys: decryption }).open(id);
    expect((await recordsIn(reader, 'crm', 'contacts')).find(({ key }) => key === '1007')?.fields['email']).toBe('new@example.com');
    expect((await reader.verify()).damage).toEqual([]);
    await reader.close();
  });

  const programs = ['age', 'unzip'].every(installed);
  if (!programs) console.log('skipped: age and unzip are not installed (apt-get install age unzip)');
  it.skipIf(!programs)('opens with the public program age and ordinary unzip', async () => {
    const { summary, records, file } = await scene();
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'key.txt'), file, { mode: 0o600 });
    execFileSync('unzip', ['-q', summary.path, '-d', folder]);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.includes('/contacts/') && name.endsWith('.ndjson.gz.age'));
    const lines = names.sort().flatMap((name) =>
      gunzipSync(execFileSync('age', ['-d', '-i', join(folder, 'key.txt'), join(folder, name)]))
        .toString()
        .trim()
        .split('\n'),
    );
    expect(lines).toEqual([...records].sort((a, b) => compareKeys(a.key, b.key)).map((one) => recordLine(one).trim()));
    const manifest = gunzipSync(execFileSync('age', ['-d', '-i', join(folder, 'key.txt'), join(folder, 'manifest.json.gz.age')]));
    expect(JSON.parse(manifest.toString())).toMatchObject({ id: summary.id });
  });
});

it('a snapshot that is deleted while it is encrypted again, by a process that was suspended until its lock was taken, does not come back', async () => {
  const { deps, summary, decryption } = await scene();
  const folder = folderStorage(deps.dir);
  const storage: SnapshotStorage = {
    ...folder,
    put: async (name, write, check, call) => {
      const suspended = async (sink: ByteSink): Promise<void> => {
        await write(sink);
        await rm(join(deps.store.location, 'locks', `base-${summary.id}.lock`));
        await openCatalog(deps).delete(summary.id);
      };
      await folder.put(name, suspended, check, call);
    },
  };
  await expect(openCatalog({ ...deps, storage, keys: decryption }).reEncrypt(summary.id, 'lee')).rejects.toMatchObject({ code: 'fenced' });
  expect([await openCatalog(deps).list(), await readdir(deps.dir)]).toEqual([[], []]);
});

it('a snapshot stays known without a key, however often encrypting it again came to nothing', async () => {
  const { deps, plain, summary, decryption } = await scene();
  const folder = folderStorage(deps.dir);
  const full = new RunbackError('disk-full', 'No room left');
  const storage: SnapshotStorage = {
    ...folder,
    put: async (name, write, check, call) => {
      const thenFull = async (file: StoredFile): Promise<void> => {
        await check(file);
        throw full;
      };
      await folder.put(name, write, thenFull, call);
    },
  };
  for (let n = 0; n < 2; n += 1) await expect(openCatalog({ ...deps, storage, keys: decryption }).reEncrypt(summary.id, 'lee')).rejects.toBe(full);
  expect(await openCatalog(plain).survey()).toMatchObject({ snapshots: [{ id: summary.id, encrypted: 'unreadable' }], ignored: [] });
});
