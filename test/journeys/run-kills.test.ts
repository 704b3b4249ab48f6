import { expect, test } from 'vitest';

import type { CrashMoment } from '../support/crash.js';
import { fullSweeps, morePoints } from '../support/sweeps.js';
import { openRunKillWorld } from './support/run-kills.js';
import { openHubSpotScene, openPostgresScene, type RunbookName, RUNBOOKS, type Scene } from './support/run-scenes.js';
import { ENDINGS, type Kill, type Story } from './support/run-story.js';

/** Where the kills are follows from it; RUNBACK_TEST_SEED takes another one. */
const SEED = Number(process.env['RUNBACK_TEST_SEED'] ?? 20_261_127);
/** Stories of each platform: the three runbooks, each with the four endings, again and again. Thinned, two of the three each. */
const STORIES = fullSweeps ? 76 : morePoints ? 2 : 1;
const MOMENTS: readonly CrashMoment[] = ['before', 'half', 'after'];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Back to before the good snapshot was taken, ahead by more than a day, less than any limit, and right. */
const CLOCKS = [-26 * HOUR, 26 * HOUR, -0.7 * HOUR, 0.7 * HOUR, 0];
/** File operations and calls of a run that nothing disturbs, about. */
const SPANS: Readonly<Record<string, Readonly<Record<RunbookName, readonly [number, number]>>>> = {
  hubspot: { 'mass-overwrite': [430, 44], 'bad-import': [430, 44], 'accidental-delete': [340, 34] },
  postgres: { 'mass-overwrite': [440, 130], 'bad-import': [430, 115], 'accidental-delete': [330, 68] },
};

/** Stories that went wrong once. */
const PINNED: readonly { readonly scene: string; readonly story: Story }[] = [
  {
    // The clock put back behind the good snapshot, before the evidence was taken: that seemed older than the base, and
    // no command led out.
    scene: 'postgres',
    story: {
      runbook: 'mass-overwrite',
      ending: 'takeover',
      kills: [{ kind: 'pg', n: 12, when: 'after' }],
      clocks: [0, -26 * HOUR],
    },
  },
];

test(
  'kill -9 over whole runs of the shipped runbooks, with the clock put forward, back and right: the commands that the messages name lead to the end that is told (G1, G4, G5, G30)',
  { timeout: 7_200_000 },
  async () => {
    const told = await Promise.all([openHubSpotScene, openPostgresScene].map(async (open, lane) => await tellAll(await open(), lane)));
    const kills = told.reduce((sum, one) => sum + one.kills, 0);
    const stories = told.reduce((sum, one) => sum + one.stories, 0);
    console.log(
      `${kills} times kill -9 in ${stories} whole runs (${RUNBOOKS.join(', ')}; HubSpot and PostgreSQL), then ${ENDINGS.join(', ')}, with clocks off by up to 26 h`,
    );
    expect(told.flatMap(({ problems }) => problems)).toEqual([]);
    expect(kills).toBeGreaterThan(stories * 0.7);
  },
);

interface Sum {
  kills: number;
  stories: number;
  problems: string[];
}

/** All stories of one platform. The good snapshot was taken with a clock that was a day behind, or a day ahead. */
async function tellAll(scene: Scene, lane: number): Promise<Sum> {
  const sum: Sum = { kills: 0, stories: 0, problems: [] };
  const drawn = Array.from({ length: STORIES }, (_, turn) => storyOf(scene, fullSweeps ? turn : turn + lane, 2 * turn + lane));
  const half = fullSweeps ? STORIES / 2 : lane * STORIES;
  try {
    await tellSome(scene, -DAY, [...PINNED.flatMap((one) => (one.scene === scene.name ? [one.story] : [])), ...drawn.slice(0, half)], sum);
    await tellSome(scene, DAY, drawn.slice(half), sum);
  } finally {
    await scene.close();
  }
  return sum;
}

async function tellSome(scene: Scene, baseClockMs: number, stories: readonly Story[], sum: Sum): Promise<void> {
  if (stories.length === 0) return;
  const world = await openRunKillWorld(scene, baseClockMs);
  try {
    for (const story of stories) {
      const { kills, path, problems } = await world.tell(story);
      sum.kills += kills;
      sum.stories += 1;
      if (fullSweeps) console.log(`${scene.name} ${sum.stories}: ${story.runbook}, ${story.ending}, ${kills} kills, ${problems.length} problems`);
      if (problems.length === 0) continue;
      sum.problems.push([`${scene.name}, base ${baseClockMs / HOUR} h: ${JSON.stringify(story)}`, ...path, ...problems].join('\n'));
      if (fullSweeps) console.log(sum.problems.at(-1));
    }
  } finally {
    await world.close();
  }
}

/** The story of a turn: its runbook and its ending are in turn, the rest follows from the seed. */
function storyOf({ name, calls }: Scene, turn: number, number: number): Story {
  const random = randomOf(SEED + 7919 * number);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const runbook = RUNBOOKS[turn % RUNBOOKS.length] ?? 'mass-overwrite';
  const ending = ENDINGS[(number + Math.floor(number / 6)) % ENDINGS.length] ?? 'resume';
  const [files, requests] = SPANS[name]?.[runbook] ?? [100, 30];
  const kill = (share: number): Kill => {
    const kind = random() < 0.55 ? 'fs' : calls;
    return { kind, n: 1 + Math.floor(random() * share * (kind === 'fs' ? files : requests)), when: pick(MOMENTS) };
  };
  const again = random();
  // What follows a crash does less than a whole run: its kills lie nearer to its beginning.
  const kills = [kill(1), ...(again < 0.7 ? [kill(random() < 0.5 ? 0.08 : 0.6)] : []), ...(again < 0.35 ? [kill(0.3)] : [])];
  const clocks = [...kills.map(() => pick(CLOCKS)), random() < 0.5 ? 0 : pick(CLOCKS)];
  return { runbook, ending, kills, clocks };
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
