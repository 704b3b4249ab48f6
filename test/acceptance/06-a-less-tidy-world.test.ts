import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { casesDir, command, expectTests, figure, full, told } from './support.js';

/** "The world is less tidy than our sandbox": what it must show. */

const cases = casesDir();
if (cases === undefined) console.log('skipped: there are no cases beside the checkout (RUNBACK_TEST_CASES names another place)');

/** Kinds of cases in the words of their README, each by its beginning. */
const KINDS = [
  'partial answers',
  'normalising platforms',
  'harm outside',
  'limits that fail open',
  'attribution',
  'side effects',
  'displaced links',
  'values that move',
  'waiting answers',
  'one refused field',
  'kinds of link',
  'what a re-creation',
  'verification',
] as const;

/** The cases of the README's table, each with its kind. */
async function casesOf(folder: string): Promise<readonly { readonly name: string; readonly kind: string }[]> {
  const rows = (await readFile(join(folder, 'README.md'), 'utf8')).split('\n').filter((line) => line.startsWith('| '));
  return rows.flatMap((row) => {
    const [, names = '', kind = ''] = row.split('|').map((cell) => cell.trim());
    const wanted = KINDS.find((one) => kind.startsWith(one));
    return wanted === undefined
      ? []
      : names
          .replace(/\(.*$/u, '')
          .split(',')
          .map((name) => ({ name: name.trim(), kind: wanted }));
  });
}

const listed = cases === undefined ? [] : await casesOf(cases);

describe('issue 6', () => {
  describe.skipIf(cases === undefined)('the cases of its kinds end with 0', () => {
    test('every kind has one', () => {
      expect(KINDS.filter((kind) => !listed.some((one) => one.kind === kind))).toEqual([]);
    });

    test.each(listed)('$name ($kind)', async ({ name }) => {
      const folder = join(cases ?? '', name);
      if (existsSync(join(folder, 'story.json'))) {
        await expectTests('test/restores/innocent-data.test.ts', { RUNBACK_TEST_RUNS: '1', RUNBACK_TEST_STORY: join(folder, 'story.json') });
        return;
      }
      const program = existsSync(join(folder, 'run.mjs')) ? `node ${folder}/run.mjs` : `bash ${folder}/repro.sh`;
      const { code, output } = await command(program);
      expect(code, output.slice(-4000)).toBe(0);
      told(name, 'exit 0');
    });
  });

  // The seeds are fresh each time: three more than anybody has looked at.
  test.skipIf(!full).each([1, 2, 3])('20,000 random stories with a fresh seed (%i of 3; RUNBACK_TEST_FULL=1)', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const { output } = await expectTests('test/restores/innocent-data.test.ts', { RUNBACK_TEST_RUNS: '20000', RUNBACK_TEST_SEED: String(seed) });
    expect(figure(output, /(\d+) random stories/u)).toBe(20_000);
    told('20,000 stories', `seed ${seed}`);
  });

  test('every fact of the sandbox table is held by the tests it names, and the client of the vendor still passes', async () => {
    const { passed } = await expectTests('test/structure/sandbox-facts test/sandbox test/connectors/hubspot');
    expect(passed).toBeGreaterThan(100);
  });

  test('PostgreSQL 14, 16 and 18: contract suite and attacks', async () => {
    const { code, output } = await command('npm run --silent test:engines');
    expect(code, output.slice(-6000)).toBe(0);
    for (const major of [14, 16, 18]) expect(output).toContain(`PostgreSQL ${major}`);
    told('npm run test:engines', 'exit 0');
  });

  test('kill -9 over apply, undo and snapshot; the commands that the messages name bring each to its end', async () => {
    const { output } = await expectTests('test/journeys/kills.test.ts', { RUNBACK_TEST_FULL: '1' });
    const kills = figure(output, /(\d+) times kill -9/u);
    expect(kills).toBeGreaterThan(150);
    told('kill -9 over apply, undo and snapshot', String(kills));
  });

  test('what earlier versions left is read, resumed and undone', async () => {
    await expectTests('test/upgrade');
  });
});
