import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import type { LinkSchema } from '../../src/records/index.js';
import { matchKinds } from '../../src/restores/decide/link-kinds.js';
import { applyRestore, confirmationOf, planRestore, type ApplyDeps, type PlanSummary, readPlan, verifyRestore } from '../../src/restores/index.js';
import { person } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { type Bench, openBench } from '../connectors/hubspot-support.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';

/** A label of links is deleted, and perhaps made again: its number differs, and all its links are gone. */

let bench: Bench;
let deps: ApplyDeps;
let take: () => Promise<string>;
let contacts: readonly string[];
beforeEach(async () => {
  bench = await openBench();
  const { connector, clock, sandbox } = bench;
  const { store, dir } = await temporaryStore(clock);
  const backups = join(dir, '..', 'backups');
  const objects = ['contacts', 'companies'];
  const identity = await connector.identify();
  const platform: Platform = { name: 'crm', connector, identity, environment: 'sandbox', objects, close: () => Promise.resolve() };
  deps = { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: CONFIG };
  take = async () => {
    clock.advance(120_000);
    return (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id;
  };
  add('Billing');
  const maya = sandbox.writeAs(person(42));
  const company = maya.create('companies', { name: 'Acme' });
  contacts = Array.from({ length: 3 }, (_, n) => maya.create('contacts', { email: `p${String(n)}@example.org` }));
  for (const contact of contacts) {
    maya.link('contacts', contact, 'companies', company);
    maya.link('contacts', contact, 'companies', company, 'Billing');
  }
});
afterEach(() => bench.stop());

function label(name: string): ReturnType<Bench['sandbox']['portal']['links']['type']> {
  const found = bench.sandbox.portal.links.typesBetween('contacts', 'companies').find((type) => type.label === name);
  if (!found) throw new Error(`no label ${name}`);
  return found;
}
function add(name: string): void {
  const { types } = bench.sandbox.portal;
  bench.sandbox.portal.addLabel(types.get('contacts'), types.get('companies'), name, name);
}
const remove = (name: string): void => bench.sandbox.portal.links.removeType(label(name));
const labelled = (name: string): number =>
  contacts.filter((contact) =>
    [...(bench.sandbox.portal.links.neighbours('contacts', contact, 'companies') ?? [])].some(([, types]) => types.has(label(name))),
  ).length;

async function plan(base: string, damaged: string, keys?: readonly string[]): Promise<PlanSummary> {
  bench.clock.advance(120_000);
  const filters = { unattributed: 'include' as const, deleteCreated: false, ...(keys ? { keys } : {}) };
  return await planRestore({ base, damaged, filters, by: 'maya' }, deps);
}
async function messages(summary: PlanSummary): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const line of (await readPlan(deps.store, summary.header.id)).lines()) if (line.kind === 'conflict') found.push(line.message);
  return found;
}

describe('a label that was made again under the same name', () => {
  it.each(['before the snapshot of the damage', 'after it'])('%s: its links are made again under its new number', async (when) => {
    const base = await take();
    const old = label('Billing').typeId;
    const make = (): void => {
      remove('Billing');
      add(' billing ');
    };
    if (when !== 'after it') make();
    const damaged = await take();
    if (when === 'after it') make();
    expect(label(' billing ').typeId).not.toBe(old);
    const summary = await plan(base, damaged);
    expect(summary.header.counts).toMatchObject({ actions: { link: 3 }, conflicts: {} });
    expect(await applyRestore({ plan: summary.header.id, by: 'maya', confirmed: confirmationOf(summary.header) }, deps)).toMatchObject({
      applied: 3,
    });
    expect(labelled(' billing ')).toBe(3);
    expect(await verifyRestore(summary.header.id, deps)).toMatchObject({ remaining: 0 });
  });
});

describe('a label that is gone', () => {
  it('is told, with how many links are lost with it, and nothing else is touched', async () => {
    const base = await take();
    remove('Billing');
    const summary = await plan(base, await take());
    expect(summary.header.counts).toMatchObject({ actions: {}, conflicts: { 'field-removed': 1 } });
    expect(await messages(summary)).toEqual([expect.stringMatching(/Billing from contacts to companies is no longer there .*3 links/)]);
    expect(await messages(await plan(base, await take(), contacts.slice(0, 2)))).toEqual([expect.stringContaining('2 links')]);
  });

  it('that had no links is not worth a word', async () => {
    add('Unused');
    const base = await take();
    remove('Unused');
    expect((await plan(base, await take())).header.counts).toMatchObject({ actions: {}, conflicts: {} });
  });

  it('and whose number went to another label: no link is made under a label that means something else', async () => {
    const base = await take();
    const { typeId, inverse } = label('Billing');
    remove('Billing');
    const { links } = bench.sandbox.portal;
    const other = { category: 'USER_DEFINED' as const, label: 'Do not call', primary: false };
    links.addType({ ...other, from: 'contacts', to: 'companies', typeId, inverse, forward: true });
    links.addType({ ...other, from: 'companies', to: 'contacts', typeId: inverse, inverse: typeId, forward: false });
    const summary = await plan(base, await take());
    expect(summary.header.counts).toMatchObject({ actions: {}, conflicts: { 'field-removed': 1 } });
    expect(await messages(summary)).toEqual([expect.stringMatching(/Billing .*Do not call.*3 links/)]);
  });

  it('that was only renamed keeps its links, and the plan does not cut them', async () => {
    const base = await take();
    const type = label('Billing') as { label: string | null };
    type.label = 'Invoices';
    expect((await plan(base, await take())).header.counts).toMatchObject({ actions: {}, conflicts: {} });
  });
});

describe('kinds then and now', () => {
  const kind = (number: number, name?: string, to = 'companies'): LinkSchema => ({
    kind: `USER_DEFINED-${String(number)}`,
    from: 'contacts',
    to,
    ...(name === undefined ? {} : { label: name }),
  });
  const matched = (before: readonly LinkSchema[], now: readonly LinkSchema[]): readonly string[] =>
    matchKinds(before, now).kinds.map(({ link, before: old }) => `${link.kind.slice(13)}<${old?.kind.slice(13) ?? '-'}`);

  it('are matched by number and label, then by label', () => {
    expect(matched([kind(1), kind(2, 'A'), kind(3, 'B')], [kind(1), kind(2, 'A'), kind(9, 'B')])).toEqual(['1<1', '2<2', '9<3']);
    expect(matched([kind(2, 'A'), kind(3, 'B')], [kind(2, 'B'), kind(3, 'A')])).toEqual(['2<3', '3<2']);
    expect(matched([kind(2, 'A')], [kind(9, 'A', 'deals'), kind(4, 'C')])).toEqual(['9<-', '4<-']);
  });

  it('with one name in both directions keep their order, and others that cannot be told apart are lost', () => {
    expect(matched([kind(9, 'Peer'), kind(10, 'Peer')], [kind(12, 'Peer'), kind(11, 'Peer')])).toEqual(['12<10', '11<9']);
    const { kinds, lost } = matchKinds([kind(9, 'A')], [kind(11, 'A'), kind(12, 'A')]);
    expect(kinds.map(({ before }) => before)).toEqual([undefined, undefined]);
    expect(lost.map(({ before }) => before.kind)).toEqual(['USER_DEFINED-9']);
  });
});
