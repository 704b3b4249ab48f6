import { expect, test } from 'vitest';

import { expectWell, measure, nameOf } from './support/measure.js';
import { ROUGH } from './support/rough-stories.js';
import { measureRough } from './support/rough.js';
import { STORIES } from './support/stories.js';

/**
 * A user would lose: damage that nobody told them of, or right values that a plan takes for damage. All stories are in
 * stories-all.test.ts and rough-stories.test.ts, which `npm run test:long` runs.
 */

const THINNED = [
  'history: phones emptied by the sync',
  'history: a person imports rows that slipped',
  'history: a workflow reacts to a wrong status',
  'history: catching up after an outage',
  'six: phones emptied in the third day',
];

test.each(THINNED)('%s', (name) => {
  const story = STORIES.find((one) => nameOf(one) === name);
  if (story === undefined) throw new Error(`no story ${name}`);
  const measured = measure(story, 77);
  expectWell(measured);
  expect(measured.score.changed).toBeGreaterThan(500);
});

test('a base that was read in the middle of the damage clears nothing, and the group says that it began before', () => {
  const story = ROUGH.find(({ name }) => name === 'the base was taken in the middle of a wrong name');
  if (story === undefined) throw new Error('no such story');
  const measured = measureRough(story, 77);
  expectWell(measured);
  const [group] = measured.groups;
  expect(group?.signs.map(({ words }) => words)).toContain('it began before the base was read, which holds a part of it');
});
