import { expect, test } from 'vitest';

import type { Connector, Platform, RecordBatch } from '../../src/connectors/index.js';
import { RunbackError } from '../../src/lib/index.js';
import { planRestore, readPlan, type PlanFilters, type PlanSummary } from '../../src/restores/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { memoryPlatform, objectSchema, people, type MemoryContent } from '../snapshots/memory-platform.js';
import { snapshotOf, workspace } from '../snapshots/support.js';
import { field, FILTERS } from '../support/restore-world.js';

/**
 * A user would lose: records and links deleted or cut because a snapshot had not read them; and trust, by a plan that
 * is silent about it.
 */

const SCHEMAS = [
  objectSchema('contacts', { fields: [field('city'), field('email'), field('phone')] }),
  objectSchema('deals', { fields: [field('city'), field('email'), field('phone')] }),
];
const WHOLE = {
  objects: { contacts: people(20), companies: [{ key: '9', fields: {}, meta: {} }], deals: people(4) },
  links: {
    'contacts~companies~works-at': [
      { from: '1000', to: '9' },
      { from: '1007', to: '9' },
    ],
  },
} satisfies MemoryContent;

const platformOf = (content: MemoryContent): Platform => memoryPlatform('crm', content, { schemas: SCHEMAS });
const changed = ({ connector, ...platform }: Platform, change: (own: Connector) => Partial<Connector>): Platform => ({
  ...platform,
  connector: { ...connector, ...change(connector) },
});
const noLinks = (platform: Platform): Platform =>
  changed(platform, () => ({
    readLinks: () => {
      throw new RunbackError('scope-missing', 'no permission for associations');
    },
  }));
/** Says that there is one more than it gives, as a list that moved. */
const oneShort = (platform: Platform): Platform =>
  changed(platform, (own) => ({
    read: async function* read(request, options): AsyncGenerator<RecordBatch> {
      for await (const batch of own.read(request, options)) yield { ...batch, total: 21 };
    },
  }));

interface Planned {
  readonly summary: PlanSummary;
  readonly lines: readonly string[];
}

/** Snapshots of two states, and the plan between them on a third. */
async function planBetween(base: Platform, damaged: Platform, live: Platform, filters: Partial<PlanFilters> = {}): Promise<Planned> {
  const deps = await workspace();
  const ids = [(await snapshotOf(base, deps)).id, (await snapshotOf(damaged, deps)).id];
  const request = { base: ids[0] ?? '', damaged: ids[1] ?? '', filters: { ...FILTERS, unattributed: 'include', ...filters }, by: 'maya' } as const;
  const { store, clock } = deps;
  const summary = await planRestore(request, { store, clock, catalog: openCatalog(deps), platform: live });
  const lines: string[] = [];
  for await (const line of (await readPlan(store, summary.header.id)).lines())
    lines.push(
      line.kind === 'conflict'
        ? `conflict ${line.code}`
        : 'link' in line
          ? `${line.action} ${line.from.key}>${line.to.key}`
          : `${line.action} ${line.object} ${line.key}`,
    );
  return { summary, lines };
}

test('an object type that a snapshot was refused is named in the plan, and refused where it was asked for', async () => {
  const { deals: _deals, ...rest } = WHOLE.objects;
  const without = platformOf({ ...WHOLE, objects: rest, refused: { deals: 'it is a view' } });
  const [whole, gone] = [platformOf(WHOLE), platformOf({ ...WHOLE, objects: { ...WHOLE.objects, deals: [] } })];
  for (const [base, damaged, which] of [
    [without, gone, 'The base snapshot'],
    [whole, without, 'The snapshot of the damage'],
  ] as const) {
    const { summary, lines } = await planBetween(base, damaged, gone);
    expect(lines).toEqual([]);
    expect(summary.header.notCovered).toEqual([{ object: 'deals', extent: 'all', why: `${which} does not hold it: it is a view` }]);
    await expect(planBetween(base, damaged, gone, { objects: ['deals'] })).rejects.toMatchObject({
      code: 'not-found',
      message: `${which} has no object type deals`,
      why: expect.stringContaining('it is a view'),
    });
    // What was not chosen is not missed.
    expect((await planBetween(base, damaged, gone, { objects: ['contacts'] })).summary.header).not.toHaveProperty('notCovered');
  }
  expect((await planBetween(whole, gone, gone)).lines).toEqual(people(4).map(({ key }) => `create deals ${key}`));
});

test('what another platform of the same snapshots was refused is no gap of this plan', async () => {
  const deps = await workspace();
  const mail = memoryPlatform('mail', { objects: { lists: people(2) }, refused: { campaigns: 'it is a view' } });
  const crm = platformOf(WHOLE);
  const take = async (): Promise<string> => (await createSnapshot({ platforms: [crm, mail], by: 'maya' }, deps)).id;
  const request = { base: await take(), damaged: await take(), filters: { ...FILTERS, unattributed: 'include' }, by: 'maya' } as const;
  const { store, clock } = deps;
  const { header } = await planRestore(request, { store, clock, catalog: openCatalog(deps), platform: crm });
  expect(header).not.toHaveProperty('notCovered');
});

test('an object type that is gone or refused on the platform now is named, and refused where it was asked for', async () => {
  const base = platformOf(WHOLE);
  const damaged = platformOf({ ...WHOLE, objects: { ...WHOLE.objects, deals: [] } });
  const { deals: _deals, ...rest } = WHOLE.objects;
  const dropped = platformOf({ ...WHOLE, objects: rest });
  const locked = platformOf({ ...WHOLE, objects: rest, refused: { deals: 'row security hides records' } });
  for (const live of [dropped, locked]) {
    expect((await planBetween(base, damaged, live)).summary.header.notCovered).toMatchObject([{ object: 'deals', extent: 'all' }]);
    await expect(planBetween(base, damaged, live, { objects: ['contacts', 'deals'] })).rejects.toMatchObject({ code: 'object-unsupported' });
  }
});

test('records that one snapshot lacks without proof count neither as deleted nor as created', async () => {
  const [whole, fewer] = [platformOf(WHOLE), platformOf({ ...WHOLE, objects: { ...WHOLE.objects, contacts: people(19) } })];
  const [removed] = people(20).slice(19);
  expect((await planBetween(whole, fewer, fewer)).lines).toEqual([`create contacts ${removed?.key}`]);
  const unsure = await planBetween(whole, oneShort(fewer), fewer);
  expect(unsure.lines).toEqual([]);
  expect(unsure.summary.header.notCovered).toMatchObject([
    { object: 'contacts', extent: 'absence', why: expect.stringContaining('counts 21 records, but gave 19') },
    { object: 'companies', extent: 'absence' },
    { object: 'deals', extent: 'absence' },
  ]);
  expect((await planBetween(fewer, whole, whole)).lines).toEqual([`delete contacts ${removed?.key}`]);
  expect((await planBetween(oneShort(fewer), whole, whole)).lines).toEqual([]);
  // What both hold is compared all the same.
  const edited = platformOf({ ...WHOLE, objects: { ...WHOLE.objects, contacts: people(20, (n) => (n === 3 ? { city: 'Elsewhere' } : {})) } });
  expect((await planBetween(oneShort(whole), oneShort(edited), edited)).lines).toEqual(['update contacts 1021']);
});

test('links of a kind that one snapshot did not read are not compared, and said to be so', async () => {
  const none = platformOf({ ...WHOLE, links: { 'contacts~companies~works-at': [] } });
  const whole = platformOf(WHOLE);
  expect((await planBetween(whole, none, none)).lines).toEqual(['link 1000>9', 'link 1007>9']);
  expect((await planBetween(none, whole, whole)).lines).toEqual(['unlink 1000>9', 'unlink 1007>9']);
  for (const [base, damaged, live] of [
    [whole, noLinks(none), none],
    [noLinks(none), whole, whole],
  ] as const) {
    const { summary, lines } = await planBetween(base, damaged, live);
    expect(lines).toEqual([]);
    expect(summary.header.notCovered).toMatchObject([{ object: 'contacts~companies~works-at', extent: 'all' }]);
  }
});

test('a kind of link that did not exist when the base was made is unlinked as before', async () => {
  const without = platformOf({ objects: WHOLE.objects });
  const whole = platformOf(WHOLE);
  const { summary, lines } = await planBetween(without, whole, whole);
  expect(lines).toEqual(['unlink 1000>9', 'unlink 1007>9']);
  expect(summary.header).not.toHaveProperty('notCovered');
});
