import { afterAll, expect, test } from 'vitest';

import { FRESH } from './support/fresh-stories.js';
import { expectWell, lineOf, rowOf } from './support/measure.js';
import { measureRough } from './support/rough.js';

/** A user would lose: damage that nobody told them of, in accounts that no rule was made for: these were written after the rules. */
const SEED = Number(process.env['STORY_SEED'] ?? 7000);

const rows: string[] = [];
afterAll(() => {
  if (process.env['STORY_TABLE'] !== undefined) console.log(rows.join('\n'));
});

test.each(FRESH.map((story, i) => [story.name, story, SEED + i] as const))('%s', (_, story, seed) => {
  const measured = measureRough(story, seed);
  if (process.env['SHOW_STORIES'] !== undefined) console.log([story.name, JSON.stringify(measured.score), ...measured.groups.map(lineOf)].join('\n'));
  expect(measured.score.changed).toBeGreaterThan(500);
  rows.push(rowOf(measured));
  expectWell(measured);
});
