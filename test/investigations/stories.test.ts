import { describe, expect, it } from 'vitest';

import { findGroups } from '../../src/investigations/index.js';
import { scoreOf } from './support/score.js';
import { playStory, STORIES } from './support/stories.js';
import { evidenceOf } from './support/views.js';

describe('stories', () => {
  it.each(STORIES.map((story, i) => [`${story.view}: ${story.name}`, story, i] as const))('%s', (_, story, i) => {
    const { world, kept } = playStory(story, Number(process.env['SEED'] ?? 1000) + i);
    const evidence = evidenceOf(world, kept, story.view);
    const groups = findGroups(evidence);
    const score = scoreOf(world, evidence, groups);
    if (process.env['SHOW'] !== undefined) {
      console.log(JSON.stringify(score));
      for (const g of groups.filter(({ verdict }) => verdict === 'damage' || verdict === 'ask' || process.env['SHOW'] === 'all'))
        console.log(
          `  ${g.verdict} ${g.label} ${g.object}.${g.fields.join('+')} by ${g.writer ?? '?'} ${g.members.length} pts ${g.points} q${g.question ?? '-'} f${g.follows ?? '-'} ${new Date(g.fromMs).toISOString()} ${(g.toMs - g.fromMs) / 1000}s :: ${g.signs.map(({ points, words }) => `${points} ${words}`).join(' | ')}`,
        );
    }
    expect(story.damage ? score.damaged > 0 : score.damaged === 0).toBe(true);
    expect(score.wronglyChosen).toBeLessThanOrEqual(Math.max(1, 0.01 * score.chosen));
    if (!story.damage) expect(score.chosen).toBe(0);
    expect(score.lost).toBeLessThanOrEqual(0.005 * score.damaged);
    expect(score.questions).toBeLessThanOrEqual(1);
    if (story.view === 'history' && score.onsetSeconds !== undefined) expect(score.onsetSeconds).toBeLessThanOrEqual(5);
  });
});
