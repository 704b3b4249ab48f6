import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/lib/index.js';
import { openSnapshot, type SnapshotReader } from '../../src/snapshots/index.js';
import { differencesOf, keepStage, startLocalStage, type KeptTruth, type Stage } from '../../src/stages/index.js';
import { contentsOf } from '../../src/stages/local/contents.js';
import { runback } from '../cli/support/child.js';
import { drillOf, failedOf, folderFor, play } from '../drills/support/deps.js';
import { memoryPlatform, people } from '../snapshots/memory-platform.js';
import { snapshotOf } from '../snapshots/support.js';

/**
 * A sandbox that stands for an account of one's own: what a user would lose is a rehearsal on other data than their own,
 * or the addresses of real people on a stage that should not have them.
 */

const started: Stage[] = [];
let original: Stage;
let truth: KeptTruth;
let snapshot: string;

const stage = async (
  from?: string,
  more: { readonly mask?: readonly string[]; readonly records?: number; readonly seed?: number } = {},
): Promise<Stage> => {
  const reader = from === undefined ? undefined : await openSnapshot(from);
  try {
    const options = { platform: 'hubspot', records: 60, seed: 5, runbooks: [], ...more, ...(reader && { from: reader }) };
    const one = await startLocalStage(await folderFor('filled'), options, systemClock, {});
    started.push(one);
    return one;
  } finally {
    await reader?.close();
  }
};

/** An account with a property and an option that no fresh one has, and somebody who has left as owner. */
async function prepare(): Promise<void> {
  original = await stage();
  const { platforms } = JSON.parse(await readFile(join(original.folder, 'runback.yml'), 'utf8')) as {
    readonly platforms: { readonly hubspot: { readonly url: string } };
  };
  const token = await readFile(join(original.folder, 'sandbox.token'), 'utf8');
  const response = await fetch(`${platforms.hubspot.url}/crm/v3/properties/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'shoe_sizes',
      label: 'Shoe sizes',
      groupName: 'information',
      type: 'enumeration',
      fieldType: 'checkbox',
      options: ['41', '42'].map((value) => ({ label: value, value })),
    }),
  });
  if (response.status !== 201) throw new Error(await response.text());
  await original.account.setOptions?.('contacts', 'hs_lead_status', ['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'BAD_TIMING', 'Wärm, 2nd']);
  const somebody = original.account.as({ kind: 'person', id: '4711' });
  const [first, second] = await original.account.records('contacts');
  await somebody.update('contacts', first?.key ?? '', { shoe_sizes: '42;41', hs_lead_status: 'Wärm, 2nd', hubspot_owner_id: '99000001' });
  await somebody.update('contacts', second?.key ?? '', { city: null, hs_email_optout: 'true' });
  truth = await keepStage(original.account);
  const { code, stdout } = await runback(['--workspace', original.folder, '--json', 'snapshot', 'create', '--platform', 'hubspot'], {
    cwd: original.folder,
    env: {},
  });
  if (code !== 0) throw new Error(stdout);
  const [name = ''] = await readdir(join(original.folder, 'backups'));
  snapshot = join(original.folder, 'backups', name);
}
beforeEach(prepare);
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

describe('a sandbox that is filled from a snapshot', () => {
  it('holds the same records under the same keys, the same links, properties and options', async () => {
    const filled = await stage(snapshot, { seed: 99, records: 5000 });
    const now = await keepStage(filled.account);
    expect([...differencesOf(truth, now)]).toEqual([]);
    expect(now.records.size).toBe(truth.records.size);
    expect(now.links.size).toBeGreaterThan(20);
    const fields = filled.account.fields('contacts');
    expect(fields.find(({ name }) => name === 'shoe_sizes')).toMatchObject({ type: 'set', options: ['41', '42'] });
    expect(fields.find(({ name }) => name === 'hs_lead_status')?.options).toContain('Wärm, 2nd');
    expect(filled).toMatchObject({ invented: false, label: expect.stringContaining('filled from snap-') as string });
    // What is written there is held against its own rules, as at the account that it stands for.
    const somebody = filled.account.as({ kind: 'integration', id: '1' });
    const [{ key } = { key: '' }] = await filled.account.records('contacts');
    await somebody.update('contacts', key, { shoe_sizes: '41' });
    await expect(somebody.update('contacts', key, { shoe_sizes: '43' })).rejects.toThrow(/allowed options/u);
    expect(truth.records.has(`contacts/${await somebody.create('contacts', { firstname: 'New' })}`)).toBe(false);
  });

  it('differs in the masked texts alone, and holds none of them anywhere', async () => {
    const filled = await stage(snapshot, { mask: ['email', 'lastname'], records: 5000 });
    const now = await keepStage(filled.account);
    const differences = [...differencesOf(truth, now)];
    expect(new Set(differences.map((name) => name.split('/')[2]))).toEqual(new Set(['email', 'lastname']));
    const values = (kept: KeptTruth, field: string): readonly string[] =>
      [...kept.records.values()].flatMap(({ [field]: value = '' }) => (value === '' ? [] : [value]));
    const addresses = values(truth, 'email').map((one) => one.slice(0, one.indexOf('@')));
    expect(values(now, 'email')).toHaveLength(addresses.length);
    expect(new Set(values(now, 'email')).size).toBe(addresses.length);
    expect(values(now, 'email').every((one) => one.endsWith('@example.com'))).toBe(true);
    const all = JSON.stringify([...now.records.values()]);
    for (const address of addresses.filter((one) => one.length > 6)) expect(all).not.toContain(address);
    expect(filled.differs).toContain('email, lastname of its records are invented');
  });

  it('holds as many records as are asked for, and no link to one that is not there', async () => {
    const filled = await stage(snapshot, { records: 7 });
    const now = await keepStage(filled.account);
    for (const object of ['contacts', 'companies']) expect([...now.records.keys()].filter((id) => id.startsWith(`${object}/`))).toHaveLength(7);
    for (const link of now.links) for (const end of [link.split(' ')[0], link.split(' ')[2]]) expect(now.records.has(end ?? '')).toBe(true);
    expect(filled.differs).toContain('7 of the 60 contacts of the snapshot are there');
  });

  it.each([
    ['a field that is not there', ['emial'], /which no object type of the snapshot has.*email/u],
    ['a field that is no text', ['hs_lead_status'], /cannot be masked/u],
  ])('is refused where mask names %s', async (_, mask, message) => {
    await expect(stage(snapshot, { mask })).rejects.toThrow(message);
  });

  it('is refused where the snapshot holds no account of its kind, or nothing that can be put there', async () => {
    const other = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }));
    await expect(stage(other.path)).rejects.toMatchObject({ code: 'fault-impossible', why: 'It holds no account of kind hubspot, only crm.' });
    const reader = await openSnapshot(other.path);
    const sameKind = { ...reader.header, platforms: reader.header.platforms.map((each) => ({ ...each, connector: 'hubspot' })) };
    const lines = reader.lines.bind(reader);
    const source = { header: sameKind, manifest: reader.manifest, schema: reader.schema.bind(reader), lines } as unknown as SnapshotReader;
    const wanted = { snapshot: source, records: 10, mask: [] };
    await expect(contentsOf(wanted, 'hubspot', (object) => object === 'deals', {})).rejects.toMatchObject({
      code: 'fault-impossible',
      why: 'It holds no object types of crm that can be put there.',
    });
    expect((await contentsOf(wanted, 'hubspot', (object) => object === 'contacts', {})).objects).toMatchObject([{ schema: { object: 'contacts' } }]);
    await reader.close();
  });

  it('is rehearsed on, and no value of it stands in the result', async () => {
    const drill = drillOf({ where: { local: ['hubspot'], from: snapshot, mask: ['email'], seed: 3 } });
    const result = await play(drill);
    expect(failedOf(result)).toEqual([]);
    expect(result).toMatchObject({ passed: true, samples: [], stage: { environment: 'sandbox' } });
    const failed = await play(drillOf({ where: { local: ['hubspot'], from: snapshot }, answers: { review: 'undo' } }));
    expect(failed.passed).toBe(false);
    expect(failed.examples.length).toBeGreaterThan(0);
    for (const example of failed.examples) expect(example).toMatch(/^contacts\/\d+\/firstname$/u);
  });

  it('is refused where there is no such snapshot, or no workspace to look it up in', async () => {
    await expect(play(drillOf({ where: { local: ['hubspot'], from: 'latest' } }))).rejects.toMatchObject({ code: 'workspace-missing' });
    await expect(play(drillOf({ where: { local: ['hubspot'], from: './nothing.zip' } }))).rejects.toMatchObject({ code: 'not-found' });
    const nonsense = join(await folderFor('nonsense'), 'nonsense.zip');
    await writeFile(nonsense, 'no zip at all');
    await expect(play(drillOf({ where: { local: ['hubspot'], from: nonsense } }))).rejects.toMatchObject({ code: 'snapshot-foreign' });
  });
});
