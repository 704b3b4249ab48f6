import { afterEach, describe, expect, it } from 'vitest';

import { openController } from '../../src/syncs/registry.js';
import type { SecretRef, SyncConfig } from '../../src/workspace/index.js';
import { startStub, type Fault, type Stub } from '../syncs/stubs/kit.js';
import type { Vendor } from '../syncs/stubs/vendor.js';
import { depsOf, quickClock, syncsOf } from '../syncs/stubs/workspace.js';
import { controllerContract } from './controller.js';

/** What a description of a controller is held to, beside the contract of all controllers: run against the vendor's stub. */
export function describedContract(open: () => Vendor): void {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const start = async (): Promise<{ vendor: Vendor; stub: Stub }> => {
    const vendor = open();
    const stub = await startStub((asked) => vendor.answer(asked));
    closers.push(stub.close);
    return { vendor, stub };
  };
  const optionsOf = (vendor: Vendor, stub: Stub) => ({ ...vendor.settings, url: `${stub.url}${vendor.prefix ?? ''}` });
  const configOf = (vendor: Vendor, stub: Stub, more: Partial<SyncConfig> = {}): SyncConfig => ({
    name: 'leads',
    controller: vendor.kind,
    writes_to: ['crm'],
    writes_as: [],
    credentials: Object.fromEntries(Object.entries(vendor.credentials).map(([name, secret]) => [name, `env:${secret}` as SecretRef])),
    options: optionsOf(vendor, stub),
    ...more,
  });
  const started = async (more: Partial<SyncConfig> = {}) => {
    const { vendor, stub } = await start();
    const clock = quickClock();
    const { syncs, close } = await syncsOf([configOf(vendor, stub, more)], clock);
    closers.push(close);
    return { vendor, stub, syncs, clock };
  };
  const by = { by: 'maya', holder: 'run-1/pause', reason: 'wrong names in the CRM' };
  const { kind, mostInFlight } = open();
  const cannotTell = mostInFlight === 0;
  const isAlone = open().which === '';

  controllerContract(
    kind,
    async () => {
      const { vendor, stub } = await start();
      return {
        controller: await openController(kind, depsOf('leads', optionsOf(vendor, stub), vendor.credentials)),
        truth: () => Promise.resolve({ paused: vendor.truth.paused }),
        setInFlight: (count) => {
          vendor.truth.inFlight = count;
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      };
    },
    mostInFlight,
  );

  describe(`described controller: ${kind}`, () => {
    it('goes back to the earlier state, as it was', async () => {
      const { vendor, syncs } = await started();
      const before = vendor.truth.how?.();
      const { id } = await syncs.pause({ names: ['leads'], ...by });
      expect(vendor.truth.paused).toBe(true);
      await syncs.resume(id, { by: 'lee' });
      expect(vendor.truth.paused).toBe(false);
      expect(vendor.truth.how?.()).toEqual(before);
    });

    it('that was paused before stays as it was, and is not touched', async () => {
      const { vendor, stub, syncs } = await started();
      vendor.truth.paused = true;
      const { id, entries } = await syncs.pause({ names: ['leads'], ...by });
      expect(entries[0]).toMatchObject({ earlier: 'paused', state: 'paused' });
      expect((await syncs.resume(id, { by: 'lee' })).entries[0]?.state).toBe('left');
      expect(vendor.truth.paused).toBe(true);
      expect(changesIn(stub)).toEqual([]);
    });

    it.each<[Fault, 'paused' | 'failed']>([
      ['done, then 500', 'paused'],
      ['done, answer lost', 'paused'],
      ['500, not done', 'failed'],
      ['lost, not done', 'failed'],
    ])('pause with %s is %s', async (fault, state) => {
      const { vendor, stub, syncs } = await started();
      stub.fault = fault;
      const paused = await syncs.pause({ names: ['leads'], ...by }).catch((error: unknown) => error);
      if (state === 'failed') expect(paused).toMatchObject({ code: 'sync-failed' });
      expect(vendor.truth.paused).toBe(state === 'paused');
      expect((await syncs.pauses())[0]?.entries[0]).toMatchObject({ state, earlier: 'running' });
      // Sent once: nothing is repeated blindly.
      expect(changesIn(stub)).toHaveLength(1);
    });

    it.each<[Fault, boolean]>([
      ['done, then 500', true],
      ['done, answer lost', true],
      ['500, not done', false],
      ['lost, not done', false],
    ])('resume with %s: running is %s, and it is resumed later where it is not', async (fault, runs) => {
      const { vendor, stub, syncs } = await started();
      const before = vendor.truth.how?.();
      const { id } = await syncs.pause({ names: ['leads'], ...by });
      stub.fault = fault;
      const resumed = await syncs.resume(id, { by: 'lee' }).catch((error: unknown) => error);
      expect(vendor.truth.paused).toBe(!runs);
      if (!runs) {
        expect(resumed).toMatchObject({ code: 'sync-failed' });
        await syncs.resume(id, { by: 'lee' });
      }
      expect(vendor.truth.paused).toBe(false);
      expect(vendor.truth.how?.()).toEqual(before);
    });

    it('resumed twice, it is started once', async () => {
      const { stub, syncs } = await started();
      const { id } = await syncs.pause({ names: ['leads'], ...by });
      await syncs.resume(id, { by: 'lee' });
      const sent = changesIn(stub).length;
      await syncs.resume(id, { by: 'lee' });
      expect(changesIn(stub)).toHaveLength(sent);
    });

    it.skipIf(cannotTell)(
      `waits for work in flight up to the limit${cannotTell ? ' (skipped: its API does not say)' : ''}, and says what still runs`,
      async () => {
        const { vendor, syncs, clock } = await started({ drain: '90s' });
        vendor.truth.inFlight = 1;
        const error = await syncs.pause({ names: ['leads'], ...by }).catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'drain-timeout', message: 'Paused, but work is still in flight: leads (1 in flight)' });
        expect(vendor.truth.paused).toBe(true);
        expect(clock.slept).toBeGreaterThanOrEqual(90_000);
        expect(clock.slept).toBeLessThan(100_000);
      },
    );

    it.skipIf(isAlone)(
      `one that does not exist is said to be unknown${isAlone ? ' (skipped: there is one only)' : ''}, and is not changed`,
      async () => {
        const { vendor, syncs } = await started();
        const { options } = configOf(vendor, await startedStub(vendor), {});
        const other = await syncsOf([{ ...configOf(vendor, await startedStub(vendor)), options: { ...options, [vendor.which]: 'unknown' } }]);
        closers.push(other.close);
        const [view] = await other.syncs.views();
        expect(view?.status).toBeUndefined();
        expect(view?.problem).toContain('does not know it');
        await expect(other.syncs.pause({ names: ['leads'], ...by })).rejects.toMatchObject({ code: 'sync-failed' });
        expect(vendor.truth.paused).toBe(false);
        expect(syncs.names).toEqual(['leads']);
      },
    );

    it('refused credentials are told as that, and not shown', async () => {
      const { vendor, stub } = await start();
      const wrong = Object.fromEntries(Object.keys(vendor.credentials).map((name) => [name, `canary-wrong-${name}`]));
      const controller = await openController(kind, depsOf('leads', optionsOf(vendor, stub), wrong));
      const error = await controller.status().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'auth-refused', next: expect.stringContaining('credentials') as string });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary');
    });
  });

  const startedStub = async (vendor: Vendor): Promise<Stub> => {
    const stub = await startStub((asked) => vendor.answer(asked));
    closers.push(stub.close);
    return stub;
  };
}

/** What was sent to change something. */
function changesIn(stub: Stub): readonly string[] {
  return stub.log.filter((line) => !line.startsWith('GET ') && !line.endsWith('/token'));
}
