import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/lib/index.js';
import type { ItemResult } from '../../src/restores/records/items.js';
import { RestoreFold } from '../../src/restores/records/journal.js';
import { plainChangeOf } from '../../src/restores/records/plain-change.js';
import { RecordSet } from '../../src/restores/records/record-set.js';
import { Statuses } from '../../src/restores/records/statuses.js';

// What a resume leaves out of a plan and keeps of its journal in a few bytes: were it wrong once, a change would be
// left out or written twice.
describe('the number of a change by its line', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const name = fc.oneof(fc.constantFrom('n', 'kind', 'interim', 'action', '"n":1', '\\', '\\"'), fc.string());
  const line = fc.record(
    {
      action: fc.constantFrom('update', 'create', 'delete', 'undelete', 'link'),
      attribution: json,
      fields: fc.dictionary(name, json),
      interim: fc.constant(true),
      key: name,
      kind: fc.constantFrom('change', 'conflict'),
      links: json,
      n: fc.nat({ max: 2_000_000 }),
      object: name,
      references: fc.dictionary(name, json),
    },
    { requiredKeys: ['action', 'fields', 'key', 'kind', 'n', 'object'] },
  );

  it('is that of a plain change, and of nothing else', () => {
    fc.assert(
      fc.property(line, (change) => {
        const plain = change.kind === 'change' && change.action !== 'undelete' && change.interim === undefined;
        expect(plainChangeOf(canonicalJson(change))).toBe(plain ? change.n : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    '{',
    '{"action":',
    '{"action":"update","n":7',
    '{"action":"update","kind":"change","n":"7"}',
    '{"action":"update","kind":"change","n":7.5}',
  ])('is not told of %s', (text) => {
    expect(plainChangeOf(text)).toBeUndefined();
  });
});

describe('what is known of items', () => {
  const id = fc.oneof(
    fc.nat({ max: 9000 }).map(String),
    fc.constantFrom('0', '00', '01', '7+fields', '123456789', '1234567890', '-1', '1.5', ' 1', '', 'a'),
  );
  const status = fc.constantFrom<ItemResult['status']>('applied', 'moved', 'rejected', 'failed', 'in_doubt');
  const step = fc.oneof(
    fc.record({ does: fc.constant('set' as const), id, status }),
    fc.record({ does: fc.constantFrom('sent' as const, 'delete' as const), id, status }),
  );

  it('is what was last said of each', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const [statuses, known, sent] = [new Statuses(), new Map<string, ItemResult['status']>(), new Set<string>()];
        for (const one of steps) {
          statuses[one.does](one.id, one.status);
          if (one.does === 'set') known.set(one.id, one.status);
          else if (one.does === 'sent') sent.add(one.id);
          else {
            known.delete(one.id);
            sent.delete(one.id);
          }
        }
        for (const { id: of } of steps) {
          expect(statuses.get(of), of).toBe(known.get(of));
          expect(statuses.has(of), of).toBe(known.has(of));
          expect(statuses.wasSent(of), of).toBe(sent.has(of));
          if (/^(?:0|[1-9]\d{0,8})$/u.test(of)) expect(statuses.ofChange(Number(of)), of).toBe(known.get(of));
        }
        for (const wanted of ['applied', 'failed'] as const)
          expect([...statuses.having(wanted)].sort()).toEqual([...known].flatMap(([of, is]) => (is === wanted ? [of] : [])).sort());
        expect([...statuses.having('applied', 'moved', 'rejected', 'failed', 'in_doubt')]).toHaveLength(known.size);
      }),
    );
  });
});

it('records are counted once each, whatever their keys', () => {
  const key = fc.oneof(
    fc.nat({ max: 300 }).map(String),
    fc.maxSafeNat().map(String),
    fc.constantFrom('0', '00', '1', '01', '1.0', '-1', '1e3', '9'.repeat(16), '', '["1","2"]'),
  );
  const object = fc.constantFrom('contacts', 'deals', '');
  fc.assert(
    fc.property(fc.array(fc.record({ object, key }), { maxLength: 400 }), (records) => {
      const set = new RecordSet();
      for (const record of records) set.add(record);
      expect(set.size).toBe(new Set(records.map((record) => JSON.stringify([record.object, record.key]))).size);
    }),
  );
});

/** Bytes of the heap that are in use once garbage was collected. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

it('what is known of changes that ended well costs next to nothing', () => {
  const [batches, size] = [100, 1000];
  const fold = new RestoreFold('restore-1');
  const line = (type: string, data: Record<string, unknown>): void => {
    fold.take({ seq: 1, prev: '', hash: '', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'maya', type, data });
  };
  const before = heap();
  for (let batch = 1; batch <= batches; batch += 1) {
    const ids = Array.from({ length: size }, (_, n) => String((batch - 1) * size + n + 1));
    const items = ids.map((id) => ({ id, action: 'update', object: 'contacts', key: id, set: { name: 'good' }, replaced: { name: 'bad' } }));
    line('batch.intent', { batch, items, tells: true });
    line('batch.commit', { batch, token: `t${String(batch)}`, ids });
    line('batch.outcome', { batch, results: ids.map((id) => ({ id, status: 'applied', key: id })) });
  }
  // A map of them alone takes ten times as much.
  expect(heap() - before).toBeLessThan(1.5 * 1024 * 1024);
  line('restore.created', { total: batches * size });
  expect(fold.state().summary.applied).toBe(batches * size);
});
