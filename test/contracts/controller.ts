import { describe, expect, it } from 'vitest';

import type { SyncController } from '../../src/syncs/index.js';

/** A sync that a test controls: the truth beside the controller under test. */
export interface SyncHarness {
  readonly controller: SyncController;
  /** What the sync itself says. */
  readonly truth: () => Promise<{ paused: boolean }>;
  /** Pieces of work in flight from now on. */
  readonly setInFlight: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Every sync controller passes these: a sync believed to be paused that writes on would spoil a restore. `mostInFlight`: 0 where
 * it cannot tell.
 */
export function controllerContract(name: string, open: () => Promise<SyncHarness>, mostInFlight = 3): void {
  // One that cannot tell what is in flight is taken at its word: paused is all that it says.
  const cannotTell = mostInFlight === 0;
  const using = async (body: (harness: SyncHarness) => Promise<void>): Promise<void> => {
    const harness = await open();
    try {
      await body(harness);
    } finally {
      await harness.close();
    }
  };

  describe(`sync controller: ${name}`, () => {
    it('stops the sync and says so', () =>
      using(async ({ controller, truth }) => {
        expect((await controller.status()).state).toBe('running');
        await controller.pause();
        expect(await truth()).toEqual({ paused: true });
        expect(await controller.status()).toMatchObject({ state: 'paused', inFlight: cannotTell ? undefined : 0 });
      }));

    it.skipIf(cannotTell)(`tells work in flight apart from paused${cannotTell ? ' (skipped: its API does not say)' : ''}`, () =>
      using(async ({ controller, setInFlight }) => {
        await setInFlight(3);
        await controller.pause();
        expect(await controller.status()).toMatchObject({ state: 'draining', inFlight: Math.min(3, mostInFlight) });
        await setInFlight(0);
        expect((await controller.status()).state).toBe('paused');
      }),
    );

    it('pausing twice and resuming twice change nothing more', () =>
      using(async ({ controller, truth }) => {
        const { kept } = await controller.status();
        await controller.pause();
        await controller.pause();
        expect(await truth()).toEqual({ paused: true });
        await controller.resume({}, kept);
        await controller.resume({}, kept);
        expect(await truth()).toEqual({ paused: false });
      }));

    it('an aborted call stops with the reason', () =>
      using(async ({ controller }) => {
        const reason = new Error('stopped by a person');
        await expect(controller.status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      }));
  });
}
