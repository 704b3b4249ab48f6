import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { defined } from '../../src/lib/index.js';
import { integration } from '../../src/sandbox/index.js';
import type { CreateSnapshotRequest } from '../../src/snapshots/create/session.js';
import { createSnapshot, type CreateSnapshotDeps, openCatalog, type SnapshotReader } from '../../src/snapshots/index.js';
import { openProxyBench } from '../connectors/hubspot-proxy.js';
import type { Bench } from '../connectors/hubspot-support.js';
import { tries } from '../support/sweeps.js';
import { SMALL_PARTS, workspace } from './support.js';

/** What somebody does to an account; `n` chooses the record, of those that are there. */
type Act = { readonly does: 'edit' | 'create' | 'archive' | 'erase' | 'bring-back' | 'merge' | 'link' | 'unlink' | 'edit-many'; readonly n: number };

const LAG = 20_000;
const DAY = 86_400_000;
const OBJECTS = ['contacts', 'companies'];
const acts = fc.array(
  fc.record({
    does: fc.constantFrom<Act['does']>('edit', 'edit', 'edit', 'create', 'archive', 'erase', 'bring-back', 'merge', 'link', 'unlink', 'edit-many'),
    n: fc.nat(1000),
  }),
  { maxLength: 6 },
);

function perform({ sandbox }: Bench, { does, n }: Act): void {
  const other = sandbox.writeAs(integration('77', 'Some tool'));
  const contacts = sandbox.records('contacts').filter(({ archived }) => !archived);
  const companies = sandbox.records('companies').filter(({ archived }) => !archived);
  const [one, two] = [contacts[n % contacts.length], contacts[(n + 7) % contacts.length]];
  const company = companies[n % companies.length];
  if (does === 'create')
    return void other.apply({
      action: 'create',
      object: 'contacts',
      properties: { email: `new${String(n)}-${String(contacts.length)}@example.org` },
    });
  if (one === undefined || two === undefined || company === undefined || one === two) return;
  if (does === 'edit') other.apply({ action: 'update', object: 'contacts', id: one.id, properties: { firstname: `Edited ${String(n)}` } });
  if (does === 'edit-many')
    for (const { id } of contacts.slice(0, n % 30))
      other.apply({ action: 'update', object: 'contacts', id, properties: { city: `Town ${String(n)}` } });
  if (does === 'archive') other.apply({ action: 'archive', object: 'contacts', id: one.id });
  if (does === 'erase') sandbox.portal.gdprDelete(sandbox.portal.types.get('contacts'), one.id, { source: integration('77', 'Some tool') });
  if (does === 'merge') other.apply({ action: 'merge', object: 'contacts', id: one.id, into: two.id });
  if (does === 'link' || does === 'unlink')
    other.apply({ action: does, fromObject: 'contacts', from: one.id, toObject: 'companies', to: company.id });
  const archived = sandbox.records('contacts').find((record) => record.archived && record.mergedInto === undefined);
  if (does === 'bring-back' && archived !== undefined && Object.keys(archived.properties).length > 0)
    try {
      other.apply({ action: 'undelete', object: 'contacts', id: archived.id });
    } catch {
      // Its address was taken since.
    }
}

async function seeded(bench: Bench): Promise<void> {
  const person = bench.sandbox.writeAs(integration('5', 'Import'));
  const companies = Array.from({ length: 6 }, (_, n) => person.create('companies', { name: `Company ${String(n)}` }));
  for (let n = 0; n < 24; n += 1) {
    const id = person.create('contacts', { email: `p${String(n)}@example.com`, firstname: `P${String(n)}` });
    person.link('contacts', id, 'companies', companies[n % companies.length] ?? '');
  }
  bench.clock.advance(DAY);
  await Promise.resolve();
}

async function platformOf({ connector }: Bench) {
  return {
    name: 'crm',
    connector,
    identity: await connector.identify(),
    environment: 'sandbox' as const,
    objects: OBJECTS,
    close: async () => await connector.close(),
  };
}

async function take(bench: Bench, deps: CreateSnapshotDeps, request: Partial<CreateSnapshotRequest> = {}): Promise<string> {
  return (await createSnapshot({ platforms: [await platformOf(bench)], objects: OBJECTS, by: 'maya', ...request }, { ...deps, clock: bench.clock }))
    .id;
}

/** One that asks only for what has changed since another. */
async function takeSince(base: string, bench: Bench, deps: CreateSnapshotDeps, request: Partial<CreateSnapshotRequest> = {}): Promise<string> {
  const reader = await openCatalog(deps).open(base);
  try {
    return await take(bench, deps, { base: reader, readAllAfterMs: 7 * DAY, ...request });
  } finally {
    await reader.close();
  }
}

/** All lines, and which object types were only asked for changes. */
async function heldBy(
  id: string,
  deps: CreateSnapshotDeps,
): Promise<{ readonly lines: Readonly<Record<string, readonly string[]>>; readonly asked: readonly string[] }> {
  const reader: SnapshotReader = await openCatalog(deps).open(id);
  try {
    const lines: Record<string, string[]> = {};
    for (const info of [...reader.manifest.objects, ...reader.manifest.links]) {
      const texts: string[] = [];
      for (const part of info.parts) texts.push(...(await reader.partBytes(info, part)).toString().trimEnd().split('\n'));
      // What HubSpot derives from other records is as it was when the record was read.
      lines[info.object] = texts.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), meta: undefined }));
    }
    return { lines, asked: reader.manifest.objects.filter(({ askedSince }) => askedSince !== undefined).map(({ object }) => object) };
  } finally {
    await reader.close();
  }
}

describe('a snapshot for which only what has changed was asked', () => {
  it('holds what one that reads everything holds, whatever was done since, also while it was taken', { timeout: 600_000 }, async () => {
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ before: acts, during: acts, whole: fc.boolean() }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (days, erases) => {
          const bench = await openProxyBench({ searchLagMs: LAG });
          // So little room that what changed does not fit into it either.
          const deps = { ...(await workspace()), partSizes: SMALL_PARTS, sortLimits: { memoryBytes: 4000, fanIn: 3 } };
          try {
            await seeded(bench);
            let last = await take(bench, deps);
            for (const { before, during, whole } of days) {
              // One of each between two snapshots would leave the count as it was: docs/snapshots.md says so.
              const leftOut = erases ? 'bring-back' : 'erase';
              for (const act of before) if (act.does !== leftOut) perform(bench, act);
              bench.clock.advance(DAY / 4);
              const waiting = during.filter(({ does }) => does !== leftOut);
              bench.meddle({
                after: () => {
                  const act = waiting.shift();
                  if (act !== undefined) perform(bench, act);
                  return undefined;
                },
              });
              last = await takeSince(last, bench, deps, defined({ whole: whole ? (true as const) : undefined }));
              bench.meddle({});
              // What happened while it was taken is in the next one at the latest.
              bench.clock.advance(DAY / 4);
              last = await takeSince(last, bench, deps);
              const held = await heldBy(last, deps);
              asked += held.asked.length;
              expect(held.lines).toEqual((await heldBy(await take(bench, deps), deps)).lines);
            }
          } finally {
            await bench.stop();
          }
        },
      ),
      { numRuns: tries(40) },
    );
    expect(asked).toBeGreaterThan(0);
  });

  it('is taken of the rest where one object type may not be read any more', async () => {
    const bench = await openProxyBench({ searchLagMs: LAG });
    const deps = await workspace();
    try {
      await seeded(bench);
      const platform = await platformOf(bench);
      const base = await openCatalog(deps).open(await take(bench, deps));
      bench.sandbox.faults.add({ kind: 'remove-scope', scope: 'crm.objects.companies.read' });
      const summary = await createSnapshot({ platforms: [platform], by: 'maya', base, readAllAfterMs: 7 * DAY }, { ...deps, clock: bench.clock });
      await base.close();
      expect([summary.objects.map(({ object }) => object), summary.gaps.map(({ object, extent }) => [object, extent])]).toMatchObject([
        ['contacts'],
        [['companies', 'refused']],
      ]);
    } finally {
      await bench.stop();
    }
  });

  it('is not taken where the earlier snapshot is of a time that has not come on the platform: everything is read', async () => {
    const bench = await openProxyBench({ searchLagMs: LAG });
    const deps = await workspace();
    try {
      await seeded(bench);
      const first = await take(bench, deps);
      bench.clock.advance(DAY / 4);
      const platform = await platformOf(bench);
      const askedWith = async (now: Date): Promise<number> => {
        const { connector } = platform;
        const toldNow = new Proxy(connector, {
          get: (of, name) => {
            const member: unknown = Reflect.get(of, name);
            return name === 'now' ? () => now : typeof member === 'function' ? (member.bind(of) as unknown) : member;
          },
        });
        const id = await takeSince(first, bench, deps, { platforms: [{ ...platform, connector: toldNow }] });
        return (await heldBy(id, deps)).asked.length;
      };
      expect(await askedWith(bench.clock.now())).toBe(2);
      expect(await askedWith(new Date(bench.clock.now().getTime() - DAY))).toBe(0);
    } finally {
      await bench.stop();
    }
  });
});
