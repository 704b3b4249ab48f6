import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { REDACTED, Redactor } from '../../src/lib/index.js';
import { temporaryStore } from '../support/store.js';

const canary = 'kanarie/+"secret" 42é';

test('a secret is hidden in every form in which programs write it', () => {
  const redactor = new Redactor();
  redactor.add(canary);
  const forms = [
    canary,
    JSON.stringify({ token: canary }),
    `https://x/?t=${encodeURIComponent(canary)}`,
    new URLSearchParams({ t: canary }).toString(),
    Buffer.from(canary).toString('base64'),
    Buffer.from(canary).toString('base64url'),
    `Basic ${Buffer.from(`user:${canary}`).toString('base64')}`,
    `Basic ${Buffer.from(`u:${canary}`).toString('base64')}`,
    Buffer.from(canary).toString('hex'),
  ];
  for (const form of forms) expect(redactor.text(`before ${form} after`)).toMatch(/^before .*\[redacted\].* after$/s);
  expect(redactor.value({ [canary]: [canary, { deep: `x${canary}y` }], n: 1 })).toEqual({ [REDACTED]: [REDACTED, { deep: `x${REDACTED}y` }], n: 1 });
  const other = { a: [1, 'text'] };
  expect(redactor.value(other)).toBe(other);
});

test('a password that is an ordinary word does not make state unreadable, and is hidden where it is a password', () => {
  const redactor = new Redactor();
  redactor.add('postgres');
  redactor.add('ab');
  expect(redactor.text('platform postgres, abandoned; postgres://postgres:postgres@h/db')).toBe(
    'platform postgres, abandoned; postgres://postgres[redacted]h/db',
  );
  expect(redactor.value(['ab', 'cab'])).toEqual([REDACTED, 'cab']);
});

test('no secret survives, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4, maxLength: 40, unit: 'binary' }), fc.string(), (secret, around) => {
      const redactor = new Redactor();
      redactor.add(secret);
      const text = `${around}\u0001${secret}\u0001${around}`;
      const hidden = redactor.text(text);
      fc.pre(!around.includes(secret) && !REDACTED.includes(secret) && redactor.text(secret) === REDACTED);
      expect(hidden.includes(`\u0001${secret}\u0001`)).toBe(false);
    }),
  );
});

test('canary secrets appear nowhere in the state folder (G22)', async () => {
  const { store, dir, redactor } = await temporaryStore();
  redactor.add(canary);
  const owner = { by: 'maya', holder: 'run-1', purpose: `using ${canary}` };
  const lock = await store.lock('platform-crm', owner);
  const writer = await store.journal('runs', 'run-1').open(owner);
  const entry = await writer.append({
    by: canary,
    type: 'step.outcome',
    data: { error: `Bearer ${canary}`, url: encodeURIComponent(canary), [canary]: 1 },
  });
  await store.document('notes', 'a').update(() => ({ header: `token=${canary}` }));
  expect(JSON.stringify(entry)).not.toContain('kanarie');
  let searched = 0;
  for (const name of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const text = await readFile(join(name.parentPath, name.name), 'utf8');
    for (const form of ['kanarie', Buffer.from(canary).toString('base64').slice(2, 12)]) expect(text).not.toContain(form);
    searched += 1;
  }
  // The lock, the journal with its lock and its head, the document.
  expect(searched).toBeGreaterThanOrEqual(4);
  await writer.close();
  await lock.release();
  const by: string[] = [];
  for await (const read of store.journal('runs', 'run-1').read()) by.push(read.by);
  expect(by).toEqual([REDACTED]);
});
