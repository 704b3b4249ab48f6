import { createWriteStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import { ZipArchive } from 'archiver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startHubSpotSandbox } from '../../src/sandbox/index.js';
import { type Finished, jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

let workspace: TestWorkspace;
let config: string;
let base: string;
const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
/** Text for people with its line breaks taken out. */
const flat = ({ stderr }: Finished): string => stderr.replaceAll(/\s+/gu, ' ');

beforeAll(async () => {
  workspace = await openWorkspace(30);
  config = await readFile(join(workspace.dir, 'runback.yml'), 'utf8');
  base = await workspace.base();
});
afterAll(() => workspace.close());

describe('YAML that does not fit ends with 65 at its line and column, and starts nothing', () => {
  test.each<[string, string, (text: string) => string, RegExp]>([
    [
      'a wrong key',
      'runback.yml',
      (text) => text.replace('    objects:', '    objetcs:'),
      /runback\.yml:9:5: unknown key "objetcs", did you mean "objects"\? 9 \| objetcs: \[contacts\] \| \^ expected one of connector,/u,
    ],
    [
      'a wrong type',
      'runback.yml',
      (text) => text.replace('10s: 1000', '10s: many'),
      /runback\.yml:10:33: .* is a text 10 \| limits: .* expected a number/u,
    ],
    [
      'a wrong reference',
      'runback.yml',
      (text) => text.replace('[hubspot]', '[hubsopt]'),
      /runback\.yml:16:17: there is no platform "hubsopt", did you mean "hubspot"\?/u,
    ],
    ['a key twice', 'runback.yml', (text) => `${text}version: 1\n`, /runback\.yml:22:1: the key "version" is here twice .* the first is on line 1/u],
    [
      'a tab',
      'runback.yml',
      (text) => text.replace('    url:', '\turl:'),
      /Error: runback\.yml:7:1: there is a tab where YAML needs spaces 7 \| →url: .* \| \^ expected spaces State now/u,
    ],
    ['10 MB of nesting', 'runback.yml', () => '['.repeat(10_000_000), /runback\.yml:1:65: the nesting is too deep .* expected at most 64 levels/u],
    [
      'a wrong action',
      'runbooks/small.yml',
      (text) => text.replace('action: restore.plan', 'action: restore.paln'),
      /small\.yml:13:13: there is no action "restore\.paln", did you mean "restore\.plan"\?/u,
    ],
    [
      'an unknown step',
      'runbooks/small.yml',
      (text) => text.replace('steps.evidence.', 'steps.evidnece.'),
      /small\.yml:14:86: .* no field "evidnece", did you mean "evidence"\? Known there: pause,/u,
    ],
  ])('%s in %s', async (_, file, change, where) => {
    const path = join(workspace.dir, file);
    const whole = await readFile(path, 'utf8');
    expect(change(whole)).not.toBe(whole);
    await writeFile(path, change(whole));
    workspace.sandbox.resetCounts();
    const ended = await go('runbook', 'run', 'small', '--input', 'platform=hubspot');
    await writeFile(path, whole);
    expect(ended, ended.stderr.slice(0, 2000)).toMatchObject({ code: 65, stdout: '' });
    expect(flat(ended)).toMatch(where);
    expect(workspace.sandbox.counts().requests).toBe(0);
    expect(await readdir(join(workspace.dir, '.runback', 'runs')).catch(() => [])).toEqual([]);
  });
});

describe('a snapshot that is not what was written ends with 65', () => {
  let path: string;
  let good: Buffer;
  beforeAll(async () => {
    path = join(workspace.dir, 'backups', `${base}.zip`);
    good = await readFile(path);
    workspace.damage(5);
  });
  afterAll(() => writeFile(path, good));

  test.each<[string, (bytes: Buffer) => Buffer, RegExp, object]>([
    [
      'cut off',
      (bytes) => bytes.subarray(0, bytes.length - 600),
      /- manifest\.json: it is missing or damaged/u,
      { code: 65, error: { code: 'snapshot-damaged', state: expect.stringContaining('1 part of records or links can still be read') } },
    ],
    [
      'with a byte changed',
      (bytes) => flip(bytes, bytes.indexOf('data/hubspot/contacts') + 200),
      // Which of the two depends on what the byte stood for.
      /- hubspot contacts, \d+ to \d+: its (compressed bytes are damaged|bytes are not those that were written)/u,
      { code: 0, data: { counts: { records: 0, conflicts: { 'base-unreadable': 1 } } } },
    ],
    [
      'with a renamed entry',
      (bytes) => renamed(bytes, 'data/hubspot/contacts/00001', 'data/hubspot/contocts/00001'),
      /- hubspot contacts, \d+ to \d+: it is not in the file/u,
      { code: 0, data: { counts: { records: 0, conflicts: { 'base-unreadable': 1 } } } },
    ],
  ])('%s: what is unreadable is named, and a plan leaves it alone', async (_, change, what, plan) => {
    await writeFile(path, change(Buffer.from(good)));
    const verified = await go('snapshot', 'verify', base);
    expect(verified, verified.stderr).toMatchObject({ code: 65 });
    expect(verified.stdout.replaceAll(/\s+/gu, ' ')).toMatch(what);
    expect(flat(verified)).toMatch(/What can be read is still usable .* snapshot-damaged/u);
    const { code, stdout } = await go('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'include', '--json');
    expect({ code, ...jsonLines(stdout).at(-1) }).toMatchObject(plan);
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    [
      'an entry that climbs out of its folder',
      () => writeFile(path, renamed(good, 'data/hubspot/contacts/00001', '../../../../../etc/cron.d/x')),
      /an entry named "\.\.\/\.\.\/.*Nothing of it was unpacked; .* snapshot-foreign/u,
    ],
    [
      "another program's zip",
      async () => {
        const archive = new ZipArchive();
        const output = archive.pipe(createWriteStream(path));
        archive.append('quarterly numbers', { name: 'report.txt' });
        await archive.finalize();
        await finished(output);
      },
      /is not a runback snapshot .*"report\.txt".* snapshot-foreign/u,
    ],
  ])('%s is refused, whatever is done with it', async (_, replace, what) => {
    await replace();
    for (const args of [
      ['snapshot', 'verify', base],
      ['restore', 'plan', '--platform', 'hubspot', '--base', base],
    ]) {
      const ended = await go(...args);
      expect(ended, ended.stderr).toMatchObject({ code: 65 });
      expect(flat(ended)).toMatch(what);
    }
  });
});

function renamed(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

test('a plan for one account is refused on another with 6, and nothing is written to either', async () => {
  workspace.damage(5, 'Trainee');
  const planned = await go('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'include', '--json');
  const { id, counts } = (jsonLines(planned.stdout).at(-1) as { data: { id: string; counts: { records: number } } }).data;
  const other = await startHubSpotSandbox({ portalId: 777, token: workspace.sandbox.token });
  workspace.sandbox.resetCounts();
  const path = join(workspace.dir, 'runback.yml');
  await writeFile(path, config.replace(workspace.sandbox.url, other.url).replace('account: "62515"', 'account: "777"'));
  const refused = await go('restore', 'apply', id, '--confirm', `sandbox:${counts.records}`);
  await writeFile(path, config);
  const { byEndpoint } = other.counts();
  await other.stop();
  expect(refused, refused.stderr).toMatchObject({ code: 6 });
  expect(flat(refused)).toMatch(/62515.*777.*plan-other-account|777.*62515.*plan-other-account/u);
  expect(Object.keys(byEndpoint).filter((name) => name.includes('/objects/'))).toEqual([]);
  expect(workspace.sandbox.counts().requests).toBe(0);
});
