import { describe, expect, test } from 'vitest';

import { RunbackError } from '../../src/lib/index.js';
import { HeldLease, type Moment } from '../../src/store/held-lease.js';

/** A user would lose: records, to a process that was asleep while another one took over. */
describe('what a holder knows of its own lease', () => {
  const start = (): { readonly lease: HeldLease; readonly now: { monotonic: number; wall: number } } => {
    const now = { monotonic: 1000, wall: 50_000 };
    return { lease: new HeldLease('restore of crm', 15_000, { ...now }, (): Moment => ({ ...now })), now };
  };

  test.each([
    ['the clock that cannot be put back', { monotonic: 15_000, wall: 0 }],
    ['the clock of the wall, where the other one stood still as the machine slept', { monotonic: 0, wall: 15_000 }],
    ['either, though the other one was put back', { monotonic: 15_000, wall: -3_600_000 }],
  ])('it ends by %s', (_by, passed) => {
    const { lease, now } = start();
    now.monotonic += passed.monotonic - 1;
    now.wall += passed.wall - 1;
    expect(lease.assertHeld()).toBe(1);
    now.monotonic += 1;
    now.wall += 1;
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'fenced', exitCode: 11 }));
    expect(lease.signal.aborted, 'nobody has said that another one has it').toBe(false);
  });

  test('a renewal counts from when it was sent, and a late one does not take it back', () => {
    const { lease, now } = start();
    const sent = { ...now };
    now.monotonic += 10_000;
    now.wall += 10_000;
    lease.confirm({ monotonic: sent.monotonic + 8000, wall: sent.wall + 8000 });
    expect(lease.assertHeld()).toBe(13_000);
    lease.confirm(sent);
    expect(lease.assertHeld()).toBe(13_000);
  });

  test('once it is lost nothing brings it back; one that was given back is not lost', () => {
    const lost = new RunbackError('fenced', 'lost');
    const { lease, now } = start();
    lease.lose(lost);
    lease.confirm({ ...now });
    expect(() => lease.assertHeld()).toThrow(lost);
    expect(lease.signal.reason).toBe(lost);
    const other = start().lease;
    other.end(lost);
    expect(() => other.assertHeld()).toThrow(lost);
    expect(other.signal.aborted).toBe(false);
  });
});
