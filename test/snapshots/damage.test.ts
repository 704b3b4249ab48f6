import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { isRunbackError, messageOf } from '../../src/lib/index.js';
import { openCatalog, openSnapshot, type SnapshotReader } from '../../src/snapshots/index.js';
import { temporaryFolder } from '../support/store.js';
import { everyPoint } from '../support/sweeps.js';
import { memoryPlatform, people } from './memory-platform.js';
import { collect, recordsIn, snapshotOf, workspace } from './support.js';

const links = { 'contacts~companies~primary': people(4).map(({ key }) => ({ from: key, to: '9' })) };
const small = (): Parameters<typeof memoryPlatform>[1] => ({ objects: { contacts: people(9), companies: [] }, links });

/** Rows of all objects and links that can still be read, and what was said to be damaged. */
async function readAll(reader: SnapshotReader): Promise<{ rows: Map<string, Set<string>>; damaged: number }> {
  const rows = new Map<string, Set<string>>();
  let damaged = 0;
  for (const info of [...reader.manifest.objects, ...reader.manifest.links]) {
    const found = await collect(reader.lines(info, { onDamage: () => (damaged += 1) }));
    rows.set(info.object, new Set(found));
  }
  return { rows, damaged };
}

describe('G15: a changed byte', () => {
  it('is found wherever it is, and hides nothing but the part it is in', async () => {
    const summary = await snapshotOf(memoryPlatform('crm', small()));
    const good = await readFile(summary.path);
    const intact = await openSnapshot(summary.path);
    const { rows: expected } = await readAll(intact);
    const parts = [...intact.manifest.objects, ...intact.manifest.links].flatMap((info) => info.parts);
    const largest = Math.max(...parts.map(({ rows }) => rows));
    await intact.close();
    const folder = await temporaryFolder();
    const outcomes = { opened: 0, salvaged: 0 };
    const flip = async (at: number): Promise<void> => {
      const path = join(folder, `flipped-${at % (16 * 3)}.zip`);
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, bad);
      const reader = await openSnapshot(path).then(
        (opened) => ((outcomes.opened += 1), opened),
        (error: unknown) => {
          if (!isRunbackError(error, 'snapshot-damaged') && !isRunbackError(error, 'snapshot-foreign')) throw error;
          outcomes.salvaged += 1;
          return openSnapshot(path, { salvage: true });
        },
      );
      const report = await reader.verify();
      expect(report.damage, `byte ${at} of ${good.length}`).not.toEqual([]);
      const parts = report.damage.filter(({ entry, why }) => /^(data|links)\//.test(entry) && !/does not list/.test(why));
      expect(
        parts.map(({ platform, object, firstKey }) => platform === 'crm' && object !== undefined && firstKey !== undefined),
        `byte ${at}`,
      ).not.toContain(false);
      const { rows } = await readAll(reader);
      let missing = 0;
      for (const [object, lines] of expected) {
        const read = rows.get(object) ?? new Set();
        for (const line of read) if (!lines.has(line)) throw new Error(`byte ${at}: a wrong line was read: ${line}`);
        for (const line of lines) if (!read.has(line)) missing += 1;
      }
      expect(missing, `byte ${at}`).toBeLessThanOrEqual(largest);
      await reader.close();
    };
    // Five and the eight bits of a byte have no divisor in common: each bit has its turn.
    const step = everyPoint ? 1 : 5;
    const places = Array.from({ length: Math.ceil(good.length / step) }, (_, n) => n * step);
    for (let n = 0; n < places.length; n += 16) await Promise.all(places.slice(n, n + 16).map(flip));
    console.log(
      `G15: ${places.length} of ${good.length} bytes flipped one by one; all found; ${outcomes.opened} opened as usual, ${outcomes.salvaged} by salvage`,
    );
  });

  it('in the last character of the seal is found, although that character may spell the same digest', async () => {
    const summary = await snapshotOf(memoryPlatform('crm', small()));
    const good = await readFile(summary.path);
    const last = good.at(-1) ?? 0;
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const changed = Buffer.from(good);
      changed[changed.length - 1] = letter.charCodeAt(0);
      await writeFile(summary.path, changed);
      const reader = await openSnapshot(summary.path);
      expect((await reader.verify()).damage.length, letter).toBe(letter.charCodeAt(0) === last ? 0 : 1);
      await reader.close();
    }
  });

  it('in a part is told by object and key range, and a lookup in another part goes on', async () => {
    const deps = await workspace();
    const summary = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(200) } }), deps);
    const probe = await openSnapshot(summary.path);
    const info = probe.manifest.objects[0];
    const part = info?.parts[2];
    const bytes = await readFile(summary.path);
    const at = bytes.indexOf(Buffer.from(part?.name ?? '')) + (part?.name.length ?? 0) + 40;
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await writeFile(summary.path, bytes);
    const report = await openCatalog(deps).verify('latest');
    expect(report.damage).toMatchObject([
      { platform: 'crm', object: 'contacts', firstKey: part?.firstKey, lastKey: part?.lastKey, rows: part?.rows },
    ]);
    if (!info) throw new Error('no contacts');
    await expect(probe.line(info, part?.firstKey ?? '')).rejects.toMatchObject({ code: 'snapshot-damaged' });
    expect(await probe.line(info, info.parts[3]?.firstKey ?? '')).toBeDefined();
    await expect(recordsIn(probe, 'crm', 'contacts')).rejects.toMatchObject({ code: 'snapshot-damaged' });
    await probe.close();
    await expect(openCatalog(deps).resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a snapshot that was cut off', () => {
  it('at any length is no snapshot, and gives back whole parts when asked to', async () => {
    const deps = await workspace();
    const summary = await snapshotOf(memoryPlatform('crm', small()), deps);
    const good = await readFile(summary.path);
    let most = 0;
    for (let length = good.length - 1; length >= 0; length -= 23) {
      await writeFile(summary.path, good);
      await truncate(summary.path, length);
      const code = await openSnapshot(summary.path).then(
        (reader) => reader.close().then(() => 'opened'),
        (thrown: unknown) => (isRunbackError(thrown) ? thrown.code : messageOf(thrown)),
      );
      // With only the directory or the seal gone, the manifest still vouches for everything.
      expect(
        length > good.indexOf('manifest.json') ? ['opened', 'snapshot-damaged'] : ['snapshot-damaged', 'snapshot-foreign'],
        `length ${length}`,
      ).toContain(code);
      if (code === 'opened') continue;
      expect(await openCatalog(deps).list()).toEqual([]);
      expect((await openCatalog(deps).survey()).ignored).toHaveLength(1);
      if (code === 'snapshot-foreign') continue;
      const reader = await openSnapshot(summary.path, { salvage: true });
      expect((await openCatalog(deps).verify(summary.id)).damage).toContainEqual(expect.objectContaining({ entry: 'manifest.json' }));
      const { rows } = await readAll(reader);
      most = Math.max(most, rows.get('contacts')?.size ?? 0);
      expect(reader.manifest.objects.every(({ census }) => !census)).toBe(true);
      await reader.close();
    }
    expect(most).toBe(9);
  });
});
