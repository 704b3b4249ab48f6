import { expect, test } from 'vitest';

import type { Asker, Choice } from '../../src/cli/prompts/asker.js';
import { terminalOperator } from '../../src/cli/prompts/operator.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import type { SnapshotSummary } from '../../src/snapshots/index.js';

const summary = (id: string, object: string, more: Partial<SnapshotSummary> = {}): SnapshotSummary => ({
  id,
  path: `/backups/${id}.zip`,
  startedAt: `2026-11-2${id.at(-1) ?? '0'}T08:00:00.000Z`,
  finishedAt: '2026-11-22T08:00:01.000Z',
  createdBy: 'maya',
  platforms: ['crm', 'shop'].map((name) => ({ name, connector: 'memory', account: '1', environment: 'sandbox' as const, consistent: true })),
  objects: [{ platform: object.split('/')[0] ?? '', object: object.split('/')[1] ?? '', rows: 1 }],
  gaps: [],
  bases: [],
  rows: 1,
  bytes: 1,
  digest: '',
  pinned: false,
  verifiedAt: '2026-11-22T09:00:00.000Z',
  ...more,
});

// A user would lose: time on the worst day, with a snapshot that does not hold what has to come back.
test('the prompt for a snapshot offers those that hold something of the platform, and says what each of them does not hold', async () => {
  const gap = { platform: 'crm', object: 'deals', why: 'it is a view', extent: 'refused' } as const;
  const all = [
    summary('s1', 'crm/contacts', { gaps: [gap] }),
    summary('s2', 'crm/contacts'),
    summary('s3', 'shop/orders', { gaps: [{ ...gap, object: 'all of it' }] }),
  ];
  let offered: readonly Choice<unknown>[] = [];
  const asker = {
    choose: ({ choices }: { readonly choices: readonly Choice<unknown>[] }) => {
      offered = choices;
      return Promise.resolve(choices[0]?.value);
    },
  } as unknown as Asker;
  const operator = terminalOperator({
    asker,
    style: makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-28T17:00:00Z') }),
    print: () => {},
    platforms: () => [],
    snapshots: () => Promise.resolve(all),
    plan: () => Promise.reject(new Error('no plan is asked for')),
    decide: () => Promise.reject(new Error('nothing is decided')),
  });
  const question = {
    kind: 'input',
    key: 'base',
    time: 1,
    name: 'base',
    type: 'snapshot',
    prompt: 'Which one?',
    default: 'latest-verified',
    platform: 'crm',
  } as const;
  const answer = await operator.ask(question, new AbortController().signal);
  expect(answer).toEqual({ value: 'latest-verified' });
  expect(offered.map(({ value }) => value)).toEqual(['latest-verified', 's2', 's1']);
  expect(offered[0]?.description).toContain('s2');
  expect(offered.map(({ name }) => name?.includes('without deals'))).toEqual([false, false, true]);
});
