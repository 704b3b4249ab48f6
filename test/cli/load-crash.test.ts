import { afterEach, beforeEach, expect, it } from 'vitest';

import { integration } from '../../src/sandbox/index.js';
import { type CrashCommand, describeSweep, runCrashing, sweep } from '../support/crash.js';
import { everyNth, leastLeft, leastPoints, morePoints, thinned, withoutFlushes } from '../support/sweeps.js';
import { program } from './support/child.js';
import { type IntakeWorld, openIntakeWorld } from './support/intake-world.js';

let world: IntakeWorld;
const worlds: IntakeWorld[] = [];

beforeEach(() => {
  worlds.length = 0;
});
afterEach(async () => {
  await Promise.all(worlds.map(async (each) => await each.close()));
});

const command = (...words: readonly string[]): CrashCommand => ({
  args: [program, 'test', ...words, '--no-input'],
  cwd: world.dir,
  within: [world.dir],
});

const opened = async (): Promise<void> => {
  await Promise.all(worlds.splice(0).map(async (each) => await each.close()));
  world = await openIntakeWorld();
  worlds.push(world);
  await world.test({ load: '  count: 8\n  at_once: true\n  same_person_twice: 25%', expect: '{ within: 1m }', settle: '10ms' });
};

/** Somebody else's record that looks like one of the test's: only its mark is. */
const innocentTwin = (): readonly string[] => {
  const marked = world.crm.records('contacts').find(({ properties }) => properties['email']?.startsWith('rb'));
  if (marked === undefined) return [];
  const email = 'innocent.twin@example.com';
  world.crm.writeAs(integration('9', 'Copies')).create('contacts', { email, lastname: marked.properties['lastname'] ?? '' });
  return [email];
};

it('a test that is killed anywhere is cleaned up: what was there before is there, and nothing else', async () => {
  let before: readonly string[] = [];
  let left = 0;
  const report = await sweep({
    moments: ['before', 'after'],
    pick: everyNth(2, (all) => thinned(morePoints ? 3 : 1)(withoutFlushes(all))),
    before: async () => {
      await opened();
      before = world.addresses();
      return command('run', 'signups');
    },
    after: async (_, { killed }) => {
      // What was under way arrives after the process has ended.
      for (let [seen, quiet] = [-1, 0]; quiet < 3; quiet += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        const now = world.addresses().length;
        if (now !== seen) [seen, quiet] = [now, 0];
      }
      const twin = innocentTwin();
      if (killed && world.addresses().length > before.length) left += 1;
      const cleaned = await runCrashing(command('cleanup'));
      // The twin bears a mark of the test: people are told of it, as they are until when more may arrive of what was killed.
      expect(cleaned.code, cleaned.stderr).toBe(twin.length === 0 && !cleaned.stdout.includes('More may arrive') ? 0 : 3);
      expect(world.addresses()).toEqual([...before, ...twin].sort());
      expect(world.production.writes()).toEqual([]);
    },
  });
  console.log(describeSweep('test run', report));
  expect(report.points).toBeGreaterThanOrEqual(leastPoints(21, 4));
  expect(left).toBeGreaterThanOrEqual(leastLeft);
}, 600_000);

it('a clean-up that is killed anywhere is completed by the next', async () => {
  let before: readonly string[] = [];
  const report = await sweep({
    moments: ['after'],
    pick: everyNth(2, (all) => thinned(morePoints ? 3 : 1)(withoutFlushes(all))),
    before: async () => {
      await opened();
      before = world.addresses();
      expect(await runCrashing(command('run', 'signups'))).toMatchObject({ code: 0 });
      expect(world.addresses().length).toBe(before.length + 6);
      return command('cleanup');
    },
    after: async () => {
      expect(await runCrashing(command('cleanup'))).toMatchObject({ code: 0 });
      expect(world.addresses()).toEqual(before);
    },
  });
  console.log(describeSweep('test cleanup', report));
  expect(report.points).toBeGreaterThanOrEqual(leastPoints(11, 4));
}, 600_000);
