import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type Known, type Offer, offersFor, together, type Trouble, troubleOfDrift, troubleOfReconciliation } from '../../src/checks/index.js';
import type { Difference, DifferenceCount, Reconciliation } from '../../src/checks/index.js';
import { loadRunbook, type Sign, SIGNS } from '../../src/runbooks/index.js';

/** What a failed check offers. A user would lose the right runbook among eleven, or look at the wrong days. */

const shipped = join(import.meta.dirname, '..', '..', 'runbooks');
const runbooks = await Promise.all(
  (await readdir(shipped)).sort().map(async (name) => {
    const { id, title, document } = await loadRunbook(join(shipped, name));
    return { id, title, signs: document.signs ?? [], takes: { platform: true, base: document.inputs?.['base']?.type === 'snapshot' } };
  }),
);
const NOTHING: Known = { runbooks, bases: new Map(), reconciled: new Set() };
const ONE_BASE: Known = { ...NOTHING, bases: new Map([['crm', [{ id: 'snap-1', startedAt: '' }]]]) };
const chosen = (signs: readonly Sign[]): readonly string[] =>
  offersFor({ signs, platforms: ['crm'] }, ONE_BASE).flatMap(({ kind, command }) => (kind === 'runbook' ? [command] : []));

test('every sign is one of a shipped runbook, and the gravest sign decides', () => {
  expect(SIGNS.filter((sign) => !runbooks.some(({ signs }) => signs.includes(sign)))).toEqual([]);
  expect(chosen(['missing'])[0]).toBe('runback runbook run accidental-delete --input platform=crm --input base=snap-1');
  expect(chosen(['consent', 'value'])[0]).toBe('runback runbook run consent-corruption --input platform=crm --input base=snap-1');
  expect(chosen(['schema', 'option'])).toEqual(['runback runbook run schema-drift --input platform=crm --input base=snap-1']);
  expect(chosen(['not-arriving', 'refused'])).toEqual([
    'runback runbook run credentials-outage --input platform=crm --input base=snap-1',
    'runback runbook run sync-storm --input platform=crm --input base=snap-1',
  ]);
  // Where one sign fits several, each is offered.
  expect(chosen(['not-arriving']).map((command) => command.split(' ')[3])).toEqual(['credentials-outage', 'sync-stopped']);
  expect(chosen([])).toEqual([]);
  // Without a snapshot it could not begin.
  expect(offersFor({ signs: ['missing'], platforms: ['crm'] }, NOTHING)[1]?.command).toBe('runback runbook show accidental-delete');
});

test('an investigation begins with the newest snapshot from before, else with the oldest there is', () => {
  const bases = new Map([
    ['crm', ['2026-03-01', '2026-03-02', '2026-03-03'].map((day) => ({ id: `snap-${day}`, startedAt: `${day}T00:00:00.000Z` }))],
  ]);
  const looked = (since?: string): string | undefined =>
    offersFor({ signs: [], platforms: ['crm'], ...(since !== undefined && { since }) }, { ...NOTHING, bases })[0]?.command;
  expect(looked('2026-03-02T12:00:00.000Z')).toBe('runback investigate --platform crm --base snap-2026-03-02 --since 2026-03-02T12:00:00.000Z');
  expect(looked('2026-03-02T00:00:00.000Z')).toContain('--base snap-2026-03-02 --since');
  expect(looked('2026-02-01T00:00:00.000Z')).toBe('runback investigate --platform crm --base snap-2026-03-01');
  expect(looked()).toBe('runback investigate --platform crm --base snap-2026-03-01');
});

test('a name that a shell would take apart is quoted, and a command is offered once', () => {
  const trouble: Trouble = { signs: [], platforms: [`it's; rm -rf $HOME`] };
  const all = [offersFor(trouble, NOTHING), offersFor(trouble, NOTHING)];
  expect(together(all).map(({ command }) => command)).toEqual([`runback snapshot create --platform 'it'\\''s; rm -rf $HOME'`]);
});

const side = (platform: string): Reconciliation['sides'][0] => ({ name: platform, platform, object: 'x', account: '1', snapshot: 's', records: 1 });
const reconciled = (counts: readonly DifferenceCount[]): Reconciliation => ({
  version: 1,
  id: 'r',
  mapping: { id: 'people', digest: '' },
  sides: [side('crm'), side('store')],
  startedAt: '',
  finishedAt: '',
  by: '',
  matched: 0,
  candidates: 0,
  beyond: 0,
  leftAlone: [0, 0],
  settled: 0,
  rounds: 0,
  settleMs: 0,
  counts,
  differences: 1,
  unreadable: [],
  lostWays: [],
  passed: false,
});
const values = (...of: readonly (readonly [string | null, string | null])[]): readonly Difference[] =>
  of.map((both) => ({ class: 'value', keys: [['1'], ['1']], fields: [{ field: 0, authority: 0, values: both }] }));
const trouble = (counts: readonly DifferenceCount[], differences: readonly Difference[] = [], consent: readonly number[] = []): Trouble | undefined =>
  troubleOfReconciliation(reconciled(counts), differences, { consent: new Set(consent), since: undefined });

test('a reconciliation is told by its classes; it is looked into first where the damage is', () => {
  expect(trouble([{ class: 'missing', side: 0, count: 3 }])).toMatchObject({ signs: ['missing'], platforms: ['crm', 'store'], mapping: 'people' });
  const value: DifferenceCount = { class: 'value', field: 0, authority: 0, count: 3 };
  expect(trouble([value], values(['a', 'b'], ['c', 'd']))).toMatchObject({ signs: ['value'], platforms: ['store', 'crm'] });
  expect(trouble([value], values(['a', null], ['c', '']))?.signs).toEqual(['emptied', 'value']);
  expect(trouble([value], values([null, 'a']), [0])?.signs).toEqual(['consent', 'value']);
});

test('a plan is offered of a mapping that was reconciled, else the reconciliation', () => {
  const drift = troubleOfDrift({ id: 'people', sides: [side('crm'), side('store')] }, { changed: ['store'], since: undefined });
  const last = (known: Known): Offer | undefined => offersFor(drift, known).at(-1);
  expect(last(NOTHING)?.command).toBe('runback reconcile run people');
  expect(last({ ...NOTHING, reconciled: new Set(['people']) })?.command).toBe('runback reconcile plan people');
  expect(drift.platforms).toEqual(['store', 'crm']);
});
