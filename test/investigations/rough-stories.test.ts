import { afterAll, expect, test } from 'vitest';

import { expectWell, lineOf, rowOf } from './support/measure.js';
import { ROUGH } from './support/rough-stories.js';
import { measureRough } from './support/rough.js';

/** A user would lose: damage that nobody told them of, in an account that is less tidy than the first stories. */
const SEED = Number(process.env['STORY_SEED'] ?? 4000);

const rows: string[] = [];
afterAll(() => {
  if (process.env['STORY_TABLE'] !== undefined) console.log(rows.join('\n'));
});

test.each(ROUGH.map((story, i) => [story.name, story, SEED + i] as const))('%s', (_, story, seed) => {
  const measured = measureRough(story, seed);
  if (process.env['SHOW_STORIES'] !== undefined) console.log([story.name, JSON.stringify(measured.score), ...measured.groups.map(lineOf)].join('\n'));
  expect(measured.score.changed).toBeGreaterThan(500);
  rows.push(rowOf(measured));
  const { score } = measured;
  const unseen = (story.unseen ?? 0) * score.damaged;
  expect(score.lost).toBeLessThanOrEqual(unseen === 0 ? score.damaged : unseen);
  expectWell(unseen === 0 ? measured : { ...measured, score: { ...score, lost: 0 } });
});
