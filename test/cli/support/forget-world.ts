import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { Open } from 'unzipper';
import { onTestFinished } from 'vitest';

import { integration } from '../../../src/sandbox/index.js';
import { decryptionWith, newKeyPair } from '../../../src/snapshots/index.js';
import { type Finished, jsonLines } from './child.js';
import { runHere } from './here.js';
import { openWorkspace } from './workspace.js';

export const PERSON = {
  email: 'Zebulon.Quark@example.com',
  firstname: 'Zebulon',
  lastname: 'Quarkington',
  phone: '+49 151 99887766',
  jobtitle: 'Keeper of bees',
};

export interface World {
  readonly dir: string;
  readonly folder: string;
  readonly victim: string;
  readonly identity: string;
  go(...args: string[]): Promise<Finished>;
  json(...args: string[]): Promise<{ code: number | null; data: Record<string, unknown> }>;
  damage(count: number, title: string): unknown;
  write(id: string, properties: Readonly<Record<string, string>>): void;
  title(id: string): string | undefined;
  readonly contacts: readonly string[];
}

/** The ids of a restore and its plan, after an incident that the person has part in: three snapshots, each built on the one before. */
export async function story({
  dir,
  go,
  json,
  damage,
}: World): Promise<{ readonly before: string; readonly plan: string; readonly restore: string; readonly records: number }> {
  await go('backup', 'run', 'nightly');
  await go('incident', 'open', `Wrong titles, ${PERSON.email.toLowerCase()} complained`, '--severity', 'sev3', '--platform', 'hubspot');
  damage(6, 'Intern');
  await go('backup', 'run', 'nightly');
  const [before = '', after = ''] = (await readdir(join(dir, 'backups'))).sort().map((name) => name.replace('.zip', ''));
  const { id, hash, counts } = (await json('restore', 'plan', '--platform', 'hubspot', '--base', before, '--damaged', after)).data as {
    id: string;
    hash: string;
    counts: { records: number };
  };
  const applied = await go('restore', 'apply', id, '--confirm', `sandbox:${counts.records}`, '--approve', hash);
  if (applied.code !== 0) throw new Error(applied.stderr);
  await go('backup', 'run', 'nightly');
  const [restore = ''] = await readdir(join(dir, '.runback', 'restores'));
  return { before, plan: id, restore, records: counts.records };
}

/** A workspace with an incremental job and a copy, on whose platform one contact can be told from all others. */
export async function world(encrypted: boolean): Promise<World> {
  const workspace = await openWorkspace(20);
  onTestFinished(() => workspace.close());
  const folder = join(workspace.dir, 'offsite');
  const { identity, recipient } = await newKeyPair();
  await writeFile(join(workspace.dir, 'backup.key'), identity, { mode: 0o600 });
  const file = join(workspace.dir, 'runback.yml');
  const keys = encrypted ? `\n  encrypt: { to: [${recipient}] }\n  identity: file:backup.key` : '';
  const backups = `backups:${keys}
  storage: backups
  copies: { offsite: { storage: offsite, keep: { last: 9 } } }
  jobs: { nightly: { platforms: [hubspot], incremental: true, keep: { last: 9 }, watch: "off" } }
`;
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^backups: .*\n/mu, backups));
  const victim = workspace.contacts[2] ?? '';
  const writer = workspace.sandbox.writeAs(integration('4471120', 'MarketSync'));
  writer.apply({ action: 'update', object: 'contacts', id: victim, properties: PERSON });
  const go = async (...args: string[]): Promise<Finished> => await runHere([...args, '--no-input', '--as', 'ann'], { cwd: workspace.dir });
  return {
    dir: workspace.dir,
    folder,
    victim,
    identity,
    go,
    json: async (...args) => {
      const { code, stdout } = await go(...args, '--json');
      return { code, data: (jsonLines(stdout).at(-1) as { data: Record<string, unknown> }).data };
    },
    write: (id, properties) => void writer.apply({ action: 'update', object: 'contacts', id, properties }),
    damage: (count, title) => workspace.damage(count, title),
    title: (id) => workspace.title(id),
    contacts: workspace.contacts,
  };
}

/** Every byte below folders, zips unpacked and opened with the key. */
export async function everythingIn(folders: readonly string[], identity: string): Promise<ReadonlyMap<string, string>> {
  const keys = decryptionWith(() => Promise.resolve(identity));
  const found = new Map<string, string>();
  for (const folder of folders)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      found.set(path, await readFile(path, 'utf8'));
      if (!entry.name.endsWith('.zip')) continue;
      for (const file of (await Open.file(path)).files) {
        const bytes = await file.buffer();
        const plain = file.path.endsWith('.age') ? gunzipSync(await keys.decrypt(bytes)) : bytes;
        found.set(`${path}/${file.path}`, plain.toString('utf8'));
      }
    }
  return found;
}

/** Files in which something of the person stands. */
export const holding = (files: ReadonlyMap<string, string>): string[] =>
  [...files].flatMap(([path, text]) => (Object.values(PERSON).some((value) => text.toLowerCase().includes(value.toLowerCase())) ? [path] : []));
