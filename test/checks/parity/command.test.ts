import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { type HubSpotSandbox, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { schemaDifferences } from '../../../src/stages/parity/schemas.js';
import { field, objectType } from '../../support/restore-world.js';
import { hubspotEntry, type ParityScene, parityScene } from './scene.js';

// A user would lose: a report that they hand on and that says less than the screen, or a pipeline that stays green.

let [stage, crm]: HubSpotSandbox[] = [];
let scene: ParityScene;
beforeEach(async () => {
  stage = await startHubSpotSandbox({ portalId: 111, token: 'pat-of-the-test-environment', limits: { perDay: 1000 } });
  crm = await startHubSpotSandbox({ portalId: 222, accountType: 'STANDARD', token: 'pat-of-production' });
  scene = await parityScene({ stage: hubspotEntry('stage', stage), crm: hubspotEntry('crm', crm) });
});
afterEach(async () => {
  await Promise.all([stage?.stop(), crm?.stop()]);
});

it('writes what it found as HTML, Markdown and JUnit XML: a failure for what differs, none for what is accepted, no secret', async () => {
  crm?.automate({ id: '1', name: '<Welcome> & "more"', object: 'contacts', enabled: true, when: { on: 'create' }, does: [] });
  await scene.parity({ leak: 'off', accepted: [{ item: 'limits/*', reason: 'a sandbox has fewer', until: '2999-12-31' }] });
  const texts: Record<string, string> = {};
  for (const kind of ['html', 'md', 'xml']) {
    const path = join(scene.folder, `parity.${kind}`);
    expect((await scene.run('parity', 'check', '--to', path)).code).toBe(2);
    texts[kind] = await readFile(path, 'utf8');
    expect(texts[kind]).not.toMatch(/pat-of/u);
    expect(texts[kind]).toContain('a sandbox has fewer');
  }
  expect(texts['html']).toContain('&lt;Welcome&gt; &amp; ');
  expect(texts['html']).not.toContain('<Welcome>');
  expect(texts['xml']).toMatch(/<testsuite name="crm" tests="\d+" failures="1" errors="0" time="0\.000" timestamp="[^"]+">/u);
  expect(texts['xml']).toContain('name="automations/&lt;Welcome&gt; &amp; &quot;more&quot;"><failure message="test missing, production there"/>');
  // The marker of the leak test is not looked for: that is said, and no case passes for it.
  expect(texts['xml']).not.toContain('name="leak test"');
});

it('fits 80 columns, says one fact a line with --accessible, and names the next thing to do where there is no parity.yml', async () => {
  await scene.parity({ leak: 'off' });
  const shown = await scene.run('parity', 'check');
  expect(shown.stdout).toContain('✗ limits/calls a day#most');
  for (const line of shown.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect((await scene.run('--accessible', 'parity', 'check')).stdout).toMatch(/^Area: limits\nSame: 1\nAccepted: 0\nDifferent: 1\nUnreadable: 0$/mu);

  const empty = await parityScene({ crm: hubspotEntry('crm', crm as HubSpotSandbox) });
  const missing = await empty.run('parity', 'check');
  expect(missing.code).toBe(10);
  expect(missing.stderr).toMatch(/There is no parity\.yml/u);
});

it('says where parity.yml is wrong, with exit 65, and refuses a check that is not there', async () => {
  await writeFile(join(scene.folder, 'parity.yml'), 'version: 1\nchecks:\n  crm:\n    test: stage\n    production: crmm\n');
  const wrong = await scene.run('parity', 'check');
  expect(wrong.code).toBe(65);
  expect(wrong.stderr).toMatch(/parity\.yml:5:17: runback\.yml has no platform crmm.*crm/u);
  await scene.parity();
  const unknown = await scene.run('parity', 'check', 'other');
  expect(unknown.code).toBe(10);
});

it('says of the stage of a drill by the same comparison what differs from the snapshot that fills it', () => {
  const held = objectType('people', [field('name', { maxLength: 80 }), field('note'), field('level', { options: ['low', 'high'] })]);
  const there = objectType('people', [field('name', { maxLength: 60 }), field('level', { options: ['low'] })]);
  expect(schemaDifferences('rehearsal', { objects: [there], links: [] }, { objects: [held, objectType('other', [])], links: [] })).toEqual([
    'people.name: length is 60 on rehearsal, and 80 in the snapshot',
    'people.note is missing on rehearsal, and there in the snapshot',
    'people.level/high is missing on rehearsal, and there in the snapshot',
  ]);
});
