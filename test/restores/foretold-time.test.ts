import { describe, expect, it } from 'vitest';

import { CallTrace, skippingClock } from '../../src/stages/rehearsal/calls.js';
import { predictMs } from '../../src/stages/rehearsal/predict.js';

/** What a user would lose: a time that can be trusted, for limits and distances that this machine does not have. */

/** A clock that stands still until it is moved. */
function standing() {
  let ms = 0;
  const clock = { now: () => new Date(ms), monotonicMs: () => ms, sleep: async () => await Promise.resolve() };
  return { clock, move: (by: number) => void (ms += by) };
}

/** Calls one after the other. */
function inTurn(calls: number, lane?: string): CallTrace {
  const trace = new CallTrace(standing().clock);
  for (let n = 0; n < calls; n += 1) trace.began(lane)();
  return trace;
}

const pace = (limit: number, lanes = {}) => ({ all: { limit, intervalMs: 10_000 }, lanes });

describe('how long the same calls take elsewhere', () => {
  it('is their latency, one after the other, where nothing limits them', () => {
    expect(predictMs(inTurn(10).end(), { latencyMs: 200 })).toBe(2000);
    expect(predictMs(inTurn(0).end(), { latencyMs: 200 })).toBe(0);
  });

  it('is shared by calls that are under way at once, as many as there were', () => {
    const trace = new CallTrace(standing().clock);
    let open = [trace.began(undefined), trace.began(undefined), trace.began(undefined)];
    // The fourth waited for one of the three, the fifth for another one.
    for (let n = 0; n < 2; n += 1) {
      open.shift()?.();
      open = [...open, trace.began(undefined)];
    }
    for (const end of open) end();
    trace.began(undefined)();
    expect(predictMs(trace.end(), { latencyMs: 100 })).toBe(300);
  });

  it('is bound by the limit of the account, as the connector keeps to it', () => {
    // Ten at once in time, and each further ten a whole interval after the answers of those before.
    const ms = predictMs(inTurn(30).end(), { latencyMs: 1, pace: pace(10) });
    expect(ms).toBeGreaterThanOrEqual(20_000);
    expect(ms).toBeLessThan(20_200);
    expect(predictMs(inTurn(30).end(), { latencyMs: 1, pace: pace(30) })).toBe(30);
  });

  it('holds calls of a lane to the limit of that lane too', () => {
    const lanes = { search: { limit: 4, intervalMs: 1000 } };
    expect(predictMs(inTurn(8, 'search').end(), { latencyMs: 1, pace: pace(100, lanes) })).toBeGreaterThanOrEqual(1000);
    expect(predictMs(inTurn(8).end(), { latencyMs: 1, pace: pace(100, lanes) })).toBe(8);
  });

  it('counts waits that are part of the work, and what this machine does in between', async () => {
    const { clock, move } = standing();
    const trace = new CallTrace(clock);
    const skipping = skippingClock(clock, (ms) => trace.pause(ms));
    move(30);
    const ended = trace.began('write');
    // While a call is under way, this machine waits for it all the same.
    move(500);
    ended();
    await skipping.sleep(15_000);
    move(70);
    expect(skipping.monotonicMs() - clock.monotonicMs()).toBe(15_000);
    expect(predictMs(trace.end(), { latencyMs: 100 })).toBe(30 + 100 + 15_000 + 70);
  });
});
