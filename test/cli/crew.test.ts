import { expect, it } from 'vitest';

import { Crew, unsharedIn } from '../../src/cli/flows/crew.js';
import { type Clock, Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore, type SharedWork, type Store } from '../../src/store/index.js';
import { temporaryFolder } from '../support/store.js';

/** A user would lose: the backups of a night, where daemons cannot share their work and each leaves it to the others. */

/** Work that is shared where `refuses` says nothing. */
class Shared {
  readonly store: Store;

  constructor(dir: string) {
    this.store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  }

  refuses: { readonly at: 'open' | 'take' | 'offer'; readonly why: string } | undefined;
  opened = 0;
  closed = 0;
  readonly offered: string[] = [];

  document = <T>(kind: string, id: string): ReturnType<typeof this.store.document<T>> => this.store.document<T>(kind, id);

  readonly sharedWork = (): SharedWork => {
    this.opened += 1;
    const orRefused = async (at: 'take' | 'offer'): Promise<void> => {
      await Promise.resolve();
      if (this.refuses?.at === at || this.refuses?.at === 'open') throw new Error(this.refuses.why);
    };
    return {
      take: async () => await orRefused('take'),
      offer: async (kind, name) => {
        await orRefused('offer');
        this.offered.push(`${kind} ${name}`);
      },
      close: async () => {
        this.closed += 1;
        await Promise.resolve();
      },
    };
  };
}

function crewOf(shared: Shared): { readonly crew: Crew; readonly said: string[]; forward(ms: number): void } {
  const said: string[] = [];
  let ahead = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => ahead };
  const crew = new Crew(shared, clock, (line) => void said.push(line));
  crew.does('backups', 5, () => Promise.resolve());
  return { crew, said, forward: (ms) => (ahead += ms) };
}

it.each([
  ['the library is missing', "Cannot find package 'pg-boss'"],
  ['Node is too old for it', 'pg-boss needs another version of Node'],
  ['its schema may not be made', 'permission denied for database runback'],
])('where %s, a daemon says so once, and does what is due itself', async (_, why) => {
  const shared = new Shared(await temporaryFolder());
  shared.refuses = { at: 'open', why };
  const { crew, said } = crewOf(shared);
  await crew.join();
  expect([await crew.offer('backups', 'nightly'), await crew.offer('backups', 'hourly')], 'left to whoever asked').toEqual([false, false]);
  expect(said).toEqual([`Scheduled work is not shared with other daemons now; this one does what is due itself: ${why}`]);
  expect([shared.opened, shared.closed], 'nothing stays open').toEqual([1, 1]);
  expect(await unsharedIn(shared).read(), 'for status and doctor').toMatchObject({ why });
  await crew.close();
});

it('tries again after a minute, and shared from then on', async () => {
  const shared = new Shared(await temporaryFolder());
  shared.refuses = { at: 'take', why: 'away' };
  const { crew, said, forward } = crewOf(shared);
  expect(await crew.offer('backups', 'nightly')).toBe(false);
  shared.refuses = undefined;
  forward(59_000);
  expect(await crew.offer('backups', 'nightly'), 'not each second').toBe(false);
  forward(1000);
  expect(await crew.offer('backups', 'nightly')).toBe(true);
  expect([shared.offered, shared.opened, said.length]).toEqual([['backups nightly'], 2, 1]);
  expect(await unsharedIn(shared).read(), 'no screen says so any longer').toBeUndefined();
  await crew.close();
});

it('where sharing stops in the middle, the caller does that piece itself, and what was taken is given back', async () => {
  const shared = new Shared(await temporaryFolder());
  const { crew, said, forward } = crewOf(shared);
  expect(await crew.offer('backups', 'nightly')).toBe(true);
  shared.refuses = { at: 'offer', why: 'terminating connection due to administrator command' };
  expect(await crew.offer('backups', 'hourly')).toBe(false);
  expect([shared.closed, said.length]).toEqual([1, 1]);
  shared.refuses = undefined;
  forward(60_000);
  expect(await crew.offer('backups', 'hourly')).toBe(true);
  await crew.close();
  expect(shared.closed).toBe(2);
});

it('with files there is nothing to share, and nothing is said', async () => {
  const said: string[] = [];
  const crew = new Crew({ document: new Shared(await temporaryFolder()).document }, systemClock, (line) => void said.push(line));
  crew.does('backups', 5, () => Promise.resolve());
  await crew.join();
  expect([crew.isShared, await crew.offer('backups', 'nightly'), said]).toEqual([false, false, []]);
  await crew.close();
});
