import { createHash } from 'node:crypto';

import { expect } from 'vitest';

import { findGroups, type Group } from '../../../src/investigations/index.js';
import { type Score, scoreOf } from './score.js';
import { playStory, STORIES, type Story } from './stories.js';
import { evidenceOf } from './views.js';

export interface Measured {
  readonly story: Story;
  readonly seed: number;
  readonly score: Score;
  readonly groups: readonly Group[];
}

/** Plays a story with a seed, and holds what is found against its truth. */
export function measure(story: Story, seed: number): Measured {
  const { world, kept } = playStory(story, seed);
  const evidence = evidenceOf(world, kept, story.view);
  const groups = findGroups(evidence);
  const score = scoreOf(world, evidence, groups);
  if (process.env['SHOW_STORIES'] !== undefined) console.log([nameOf(story), JSON.stringify(score), ...groups.map(lineOf)].join('\n'));
  return { story, seed, score, groups };
}

export const nameOf = ({ view, name }: Story): string => `${view}: ${name}`;

export function lineOf({ verdict, label, object, fields, writer = '?', members, points, question, signs }: Group): string {
  return `  ${verdict} ${label} ${object}.${fields.join('+')} by ${writer} ${members.length} (${points}, question ${question ?? '-'}) ${signs.map(({ words }) => words).join(' | ')}`;
}

/** What every story has to come to, whatever its seed. */
export function expectWell({ story, score }: Measured): void {
  expect(score.damaged > 0).toBe(story.damage);
  if (!story.damage) expect(score.chosen).toBe(0);
  // What the same writer did in the same field as rarely before cannot be told from a drip of the same: some of seventy.
  expect(score.wronglyChosen).toBeLessThanOrEqual(Math.max(story.name.includes('drip') ? 8 : 1, 0.01 * score.chosen));
  expect(score.lost).toBeLessThanOrEqual(0.005 * score.damaged);
  expect(score.questions).toBeLessThanOrEqual(1);
  if (story.view === 'history' && !story.name.includes('drip') && score.onsetSeconds !== undefined) expect(score.onsetSeconds).toBeLessThanOrEqual(5);
}

/** Stories with seeds that follow from a commit: nobody could choose them. */
export function furtherStories(commit: string, count: number): readonly { readonly story: Story; readonly seed: number }[] {
  return Array.from({ length: count }, (_, n) => {
    const seed = createHash('sha256').update(`${commit} ${n}`).digest().readUInt32BE(0);
    return { story: STORIES[seed % STORIES.length] as Story, seed };
  });
}

/** A line of the table in docs/investigations.md. */
export function rowOf({ story, score }: Measured): string {
  const { changed, damaged, chosenDamage, wronglyChosen, askedDamage, lost, asked, questions, onsetSeconds } = score;
  const onset = onsetSeconds === undefined ? '–' : onsetSeconds < 60 ? `${onsetSeconds} s` : `${Math.round(onsetSeconds / 360) / 10} h`;
  return `| ${nameOf(story)} | ${[changed, damaged, chosenDamage, wronglyChosen, askedDamage, lost, asked - askedDamage, questions, onset].join(' | ')} |`;
}
