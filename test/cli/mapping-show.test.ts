import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { documentHtml } from '../../src/document/index.js';
import { mappingPage, parseMapping } from '../../src/mappings/index.js';
import { type Operator, openOperator } from '../journeys/support/operator.js';
import { MAPPING } from '../mappings/support/pair.js';
import { hasBrowser, openBrowser, openPage, violationsOf } from '../support/browser.js';
import { runHere } from './support/here.js';

/** A user would lose: the one page on which sales, marketing and IT agree about whose value counts. */

/** With texts that want to be markup, a formula, or to steer a terminal. */
const HOSTILE = MAPPING.replace('id: contacts', 'id: hostile\ntitle: "<script>alert(1)</script>"')
  .replace('map: jobtitle, authority: crm', 'map: "=cmd|calc", authority: crm, note: "\\e[2Jgone <b>bold</b>"')
  .replace('Phone, map: phone, authority: crm', 'Phone, map: phone, two_way: "reps & forms", wins: person');

let operator: Operator;
beforeAll(async () => {
  operator = await openOperator('version: 1\n');
  await mkdir(join(operator.dir, 'mappings'));
  await writeFile(join(operator.dir, 'mappings', 'contacts.yml'), MAPPING);
  await writeFile(join(operator.dir, 'mappings', 'hostile.yml'), HOSTILE);
});
afterAll(() => operator.close());

const written = async (...words: string[]): Promise<string> => {
  const file = join(operator.dir, words.at(-1) ?? '');
  await operator.done('mapping', 'show', ...words.slice(0, -1), file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  return await readFile(file, 'utf8');
};

test('the page says for each field which side counts, and all options, and runs nothing', async () => {
  const page = await written('--html', 'all.html');
  for (const text of [
    'crm.Email with map.email, as email',
    'phone/US',
    'the other side keeps its value',
    'UNQUALIFIED',
    'IN_PROGRESS',
    'Goes both ways: reps &amp; forms',
    'both; what a person decides wins',
  ])
    expect(page).toContain(text);
  expect(page).not.toMatch(/<script|src=|@import/u);
  expect(page).toContain('&lt;script&gt;');
});

test('the table has one line a field, and nothing in it is a formula', async () => {
  const table = await written('--csv', 'all.csv');
  const lines = table.trimEnd().split('\r\n');
  expect(lines).toHaveLength(1 + 2 * 9);
  expect(lines[4]).toBe(
    'contacts,salesforce,Contact,Status__c,→,hubspot,contacts,hs_lead_status,crm,options,New = NEW; Working = OPEN; Working = IN_PROGRESS; Gone = UNQUALIFIED,clear,,,12',
  );
  expect(table).toContain("'=cmd|calc");
  expect(table).not.toContain('\u001b');
});

test('a file that is there is not replaced unless that was asked for', async () => {
  await writeFile(join(operator.dir, 'mine.html'), 'mine');
  const { code, error } = await operator.run('mapping', 'show', '--html', join(operator.dir, 'mine.html'));
  expect([code, error.code]).toEqual([64, 'usage']);
  expect(await readFile(join(operator.dir, 'mine.html'), 'utf8')).toBe('mine');
  await operator.done('mapping', 'show', 'contacts', '--html', join(operator.dir, 'mine.html'), '--overwrite');
  expect(await readFile(join(operator.dir, 'mine.html'), 'utf8')).toContain('hs_lead_status');
});

test('the screen fits 80 columns, and nothing of a file steers it', async () => {
  const { stdout } = await runHere(['mapping', 'show', '--no-input'], { cwd: operator.dir });
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).not.toContain('\u001b[2J');
  expect(stdout).toMatch(/Phone +↔ +phone +both; what a person decides wins +phone\/US/u);
});

test('a file that cannot be read is told, beside what the others say', async () => {
  await writeFile(join(operator.dir, 'mappings', 'broken.yml'), 'version: 1\n');
  const { code, stdout } = await runHere(['mapping', 'show', '--no-input'], { cwd: operator.dir });
  await rm(join(operator.dir, 'mappings', 'broken.yml'));
  expect(code).toBe(65);
  expect(stdout).toContain('mappings/broken.yml cannot be read');
  expect(stdout).toContain('hs_lead_status');
});

test('scripts get everything that the file says', async () => {
  const { mappings } = (await operator.done('mapping', 'show', 'hostile')) as { mappings: readonly Record<string, unknown>[] };
  expect(mappings).toHaveLength(1);
  expect(mappings[0]).toMatchObject({
    id: 'hostile',
    onDelete: ['inactive', null],
    match: [{ names: ['HubSpotId__c', 'key'] }, { names: ['Email', 'email'] }],
  });
});

test.skipIf(!hasBrowser())('the page has nothing that axe objects to, in light and dark, wide and narrow', async () => {
  const html = documentHtml(mappingPage([parseMapping(MAPPING, 'a.yml'), parseMapping(HOSTILE, 'b.yml')], '2026-11-30T12:00:00.000Z'));
  const browser = await openBrowser();
  for (const colors of ['light', 'dark'] as const)
    for (const width of [1280, 360]) {
      const { page, requests } = await openPage(browser, { html }, { colors, width });
      expect(await violationsOf(page), `${colors} ${width}`).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${width} fits`).toBe(true);
      expect(requests.filter((url) => url !== 'http://page.invalid/')).toEqual([]);
    }
});
