import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { describeSweep, supportScript, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, withoutFlushes } from '../support/sweeps.js';

const owner = { by: 'lee', holder: 'run-1', purpose: 'the work after a crash' };

test(
  'kill -9 at any operation of the store loses nothing that was promised, and nothing needs mending by hand (G2)',
  { timeout: 600_000 },
  async () => {
    const folder = await temporaryFolder();
    const dirOf = (point: { n: number; when: string }): string => join(folder, `${point.n}-${point.when}`, '.runback');
    const report = await sweep({
      // Before one operation is after the one before it.
      moments: fullSweeps ? ['before', 'half', 'after'] : ['half', 'after'],
      pick: everyNth(1, withoutFlushes),
      before: (point) => ({
        args: [supportScript('store-workload.cjs'), dirOf(point)],
        which: ['fs'],
        within: [folder],
      }),
      after: async (point, result) => {
        const dir = dirOf(point);
        const promised = result.stdout.split('\n').filter((line) => line !== '');
        const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });

        const counter = store.document<{ n: number }>('counters', 'one');
        const seen = (await counter.read())?.n ?? 0;
        const told = promised.filter((line) => line.startsWith('document')).length;
        expect([told, told + 1]).toContain(seen);
        expect((await counter.update((current) => ({ n: (current?.n ?? 0) + 1 }))).n).toBe(seen + 1);

        const writer = await store.journal('runs', 'run-1').open(owner);
        await writer.append({ by: 'lee', type: 'run.resumed' });
        await writer.close();
        const types: string[] = [];
        for await (const entry of store.journal('runs', 'run-1').read()) types.push(entry.type);
        expect(types.filter((type) => type === 'step.intent').length).toBeGreaterThanOrEqual(
          promised.filter((line) => line.startsWith('journal')).length,
        );
        expect(types.at(-1)).toBe('run.resumed');

        for (const line of promised.filter((text) => text.startsWith('ledger'))) expect(await store.ledgers('plans')).toContain(line.slice(7));
        for (const id of await store.ledgers('plans')) {
          const lines: string[] = [];
          for await (const line of store.ledger('plans', id).read()) lines.push(line);
          expect(lines).toEqual(['{"n":1}', '{"n":2}']);
        }

        const held = await store.lockHolder('platform-crm');
        // Between its promise and the ledger, after which it is given back, it must be there; whoever holds it then is
        // that process, and dead.
        const holding = promised.includes('lock') && !promised.some((line) => line.startsWith('ledger'));
        if (holding || held !== undefined) expect(held).toMatchObject({ holder: 'run-1', alive: false });
        if (promised.includes('released')) expect(held).toBeUndefined();
        const lock = await store.lock('platform-crm', owner, { breakDead: true });
        expect(lock.broke?.holder).toBe(held?.holder);
        await lock.release();
      },
    });
    console.log(describeSweep('store', report));
    expect(report.points).toBeGreaterThan(20);
  },
);
