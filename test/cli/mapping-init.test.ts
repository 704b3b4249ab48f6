import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type HubSpotSandbox, type SalesforceSandbox, startHubSpotSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { type Operator, openOperator } from '../journeys/support/operator.js';
import { platformsOf } from './support/platforms.js';
import { KEY, openTerminal } from './support/terminal.js';

/** A user would lose: a file that says what nobody confirmed, or the one that was there. */

let hubspot: HubSpotSandbox;
let salesforce: SalesforceSandbox;
let operator: Operator;
beforeAll(async () => {
  hubspot = await startHubSpotSandbox({ seed: 5 });
  salesforce = await startSalesforceSandbox({ limits: { perDay: 100_000 } });
  const { text, secrets } = platformsOf({ hubspot, salesforce });
  operator = await openOperator(text, secrets);
});
afterAll(async () => {
  await operator.close();
  await Promise.all([hubspot.stop(), salesforce.stop()]);
});
const SIDES = ['salesforce/Contact', 'hubspot/contacts'] as const;
const path = (name: string): string => join(operator.dir, 'mappings', name);

test('a person confirms pair by pair, says whose values count, sees the file, and only then it is written', async () => {
  const terminal = openTerminal(['mapping', 'init', ...SIDES, '--id', 'people'], { cwd: operator.dir, columns: 80, rows: 60 });
  try {
    const screen = await terminal.waitFor(/Which fields of salesforce and hubspot hold the same\?[^]*⏎ submit/u);
    expect(screen.split('\n').every((line) => line.length <= 80)).toBe(true);
    // The first pair is not right.
    terminal.type(' ');
    terminal.type(KEY.enter);
    await terminal.waitFor(/Whose values count\?/u);
    terminal.type(KEY.down);
    terminal.type(KEY.enter);
    await terminal.waitFor(/Country of phone numbers/u);
    terminal.type('us');
    terminal.type(KEY.enter);
    await terminal.waitFor(/Write this to mappings\/people\.yml\?/u);
    expect(await stat(path('people.yml')).catch(() => 'not there')).toBe('not there');
    terminal.type(KEY.enter);
    expect(await terminal.exited).toBe(0);
    expect(terminal.screen()).toContain('Next: runback mapping lint people');
  } finally {
    await terminal.dispose();
  }
  const text = await readFile(path('people.yml'), 'utf8');
  expect(text).toContain('authority: hubspot');
  expect(text).toMatch(/phone, authority: hubspot, as: phone\/US, max: 40 \}/u);
  expect(text).toMatch(/^# Not mapped, of salesforce: /mu);
});

test('who says no, or ends it, has written nothing', async () => {
  for (const end of ['n', KEY.ctrlC]) {
    const terminal = openTerminal(['mapping', 'init', ...SIDES, '--id', 'other'], { cwd: operator.dir, columns: 80, rows: 60 });
    try {
      await terminal.waitFor(/hold the same\?/u);
      terminal.type(KEY.enter);
      await terminal.waitFor(/Whose values count\?/u);
      terminal.type(KEY.enter);
      await terminal.waitFor(/Country of phone numbers/u);
      terminal.type(KEY.enter);
      await terminal.waitFor(/Write this to/u);
      terminal.type(end === 'n' ? `n${KEY.enter}` : end);
      expect(await terminal.exited).toBe(end === 'n' ? 0 : 130);
    } finally {
      await terminal.dispose();
    }
    expect(await stat(path('other.yml')).catch(() => 'not there')).toBe('not there');
  }
});

test('a file that is there is never changed, and nobody is needed to be told so', async () => {
  await operator.done('mapping', 'init', ...SIDES, '--id', 'mine', '--yes');
  await rm(path('people.yml'), { force: true });
  const { code, data } = await operator.run('mapping', 'lint', 'mine');
  // The address of a contact is only the second way of matching, and Salesforce does not promise that it is unique.
  expect(data['findings']).toMatchObject([{ severity: 'warning', rule: 'match-not-unique' }]);
  expect(code).toBe(0);
  await writeFile(path('mine.yml'), 'mine');
  const again = await operator.run('mapping', 'init', ...SIDES, '--id', 'mine', '--yes');
  expect([again.code, again.error.code]).toEqual([64, 'usage']);
  expect(await readFile(path('mine.yml'), 'utf8')).toBe('mine');
  const nobody = await operator.run('mapping', 'init', ...SIDES, '--id', 'third');
  expect([nobody.code, nobody.error.code]).toEqual([5, 'person-needed']);
  expect((await operator.run('mapping', 'init', 'salesforce', 'hubspot/contacts')).error.code).toBe('usage');
  expect((await operator.run('mapping', 'init', 'salesforc/Contact', 'hubspot/contacts')).error.code).toBe('not-found');
  const writes = [hubspot, salesforce].flatMap((sandbox) => Object.values(sandbox.counts().writesPerRecord));
  expect(writes).toEqual([]);
});
