import { type Evidence, findGroups } from '../../../src/investigations/index.js';
import type { Measured } from './measure.js';
import { ordinaryWorld } from './ordinary-life.js';
import type { RoughStory } from './rough-stories.js';
import { scoreOf } from './score.js';
import { DAY, HOUR, MINUTE } from './story-world.js';
import { toldEvidence } from './told.js';
import { keep } from './views.js';

const START = Date.parse('2026-10-01T00:00:00Z');

/** Plays a rough story with a seed; its histories are told as a platform tells them. */
export function roughEvidence(story: RoughStory, seed: number): { readonly world: ReturnType<typeof ordinaryWorld>; readonly evidence: Evidence } {
  const days = story.days ?? 3;
  const baseMs = START + 30 * DAY + 4 * HOUR;
  const nowMs = baseMs + days * DAY + 9 * HOUR;
  const world = ordinaryWorld(seed, START, nowMs);
  world.extend('contacts', story.fields ?? []);
  const { dice } = world;
  const drawn = Math.floor(days * dice.next()) * DAY + (3 + 10 * dice.next()) * HOUR + dice.int(0, 59) * MINUTE;
  story.play(world, { baseMs, nowMs, atMs: Math.round(baseMs + (story.afterBase ?? drawn)) });
  world.play(baseMs);
  const base = keep(world, baseMs);
  world.play(nowMs);
  return { world, evidence: toldEvidence(world, [base, keep(world, nowMs)], story.tell ?? ((history) => history)) };
}

export function measureRough(story: RoughStory, seed: number): Measured {
  const { world, evidence } = roughEvidence(story, seed);
  const groups = findGroups(evidence);
  const score = scoreOf(world, evidence, groups);
  return { story: { ...story, view: 'history' }, seed, score, groups };
}
