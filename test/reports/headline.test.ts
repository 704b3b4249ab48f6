import { afterEach, beforeEach, expect, test } from 'vitest';

import { Incidents, link, resolve } from '../../src/incidents/index.js';
import { isRunbackError } from '../../src/lib/index.js';
import { gatherReport, type ReportData, reportHtml, reportMarkdown } from '../../src/reports/index.js';
import {
  applyRestore,
  confirmationOf,
  decideConflicts,
  type PlanFilters,
  planRestore,
  type PlanSummary,
  resumeRestore,
  undoRestore,
} from '../../src/restores/index.js';
import { ITSELF } from '../support/memory-connector.js';
import { CONFIG, crmSchema, FILTERS, openWorld, type World } from '../support/restore-world.js';

const SIZE = 12;
const MAYA = { by: 'maya', source: 'cli' } as const;

let world: World;
let base: string;
let incidents: Incidents;
let incident: string;

beforeEach(async () => {
  world = await openWorld({ ...crmSchema(), batch: SIZE }, { ...CONFIG, canary: SIZE });
  for (let i = 0; i < SIZE; i += 1) world.connector.put('contacts', `p${i}`, { name: 'good', owner: 'ann', email: `${i}@x` }, 'import');
  base = await world.take();
  for (let i = 0; i < SIZE; i += 1) world.connector.put('contacts', `p${i}`, { name: 'bad', owner: 'bob' }, 'sync:crm');
  incidents = new Incidents({ store: world.store, clock: world.clock, escalation: undefined, outbox: undefined });
  incident = (await incidents.open({ title: 'Wrong names', severity: 'sev1', platforms: ['memory'], source: 'cli' }, 'maya')).id;
});
afterEach(() => world.close());

const planOf = async (more: Partial<PlanFilters> = {}): Promise<PlanSummary> =>
  await planRestore({ base, damaged: await world.take(), filters: { ...FILTERS, ...more }, by: 'maya' }, world.deps);
/** Applies a plan by hand while the incident is open; gives the restore. */
const apply = async ({ header }: PlanSummary, incidents: readonly string[] = [incident]): Promise<string> => {
  try {
    return (await applyRestore({ plan: header.id, by: 'maya', confirmed: confirmationOf(header), incidents }, world.deps)).id;
  } catch (error) {
    if (isRunbackError(error) && typeof error.data['restore'] === 'string') return error.data['restore'];
    throw error;
  }
};
const report = async (): Promise<ReportData> => await gatherReport(await incidents.read(incident), { store: world.store, clock: world.clock });
/** Contacts that hold what they held before the damage. */
const good = (): number =>
  Object.values(world.connector.state().records['contacts'] ?? {}).filter(({ name, owner }) => name === 'good' && owner === 'ann').length;

async function expectTruth(): Promise<ReportData> {
  const data = await report();
  const { damaged, repaired, left } = data.headline;
  expect({ damaged, repaired, left }).toEqual({ damaged: SIZE, repaired: good(), left: SIZE - good() });
  return data;
}

// A user would lose: the one number that everybody asks for. Each of these told another one, or none, before.
test('damaged, repaired and left agree with the platform after a partial restore, a resume, a second restore, and an undo', async () => {
  const plan = await planOf();
  world.connector.fault = () => 'reject-half';
  const first = await apply(plan);
  const partial = await expectTruth();
  expect(partial.headline.left).toBeGreaterThan(0);
  expect(partial.headline.examples[0]?.why).toBe('rejected');
  // The same records by another plan: none is counted twice.
  world.connector.fault = () => undefined;
  const second = await apply(await planOf());
  const whole = await expectTruth();
  expect(whole.headline).toMatchObject({ damaged: SIZE, repaired: SIZE, left: 0 });
  expect(whole.restores.map(({ id, byHand }) => [id, byHand])).toEqual([
    [first, true],
    [second, true],
  ]);
  await undoRestore(second, 'lee', world.deps);
  const undone = await expectTruth();
  expect(undone.headline.left).toBe(partial.headline.left);
  expect(undone.headline.examples[0]?.why).toBe('undone');
  expect(undone.decisions.map(({ by, kind }) => [by, kind])).toContainEqual(['lee', 'undid']);
});

test('what a second restore found repaired already is not repaired any more once the first one is undone', async () => {
  const plan = await planOf();
  const first = await apply(plan);
  await apply(plan);
  await expectTruth();
  await undoRestore(first, 'maya', world.deps);
  expect((await expectTruth()).headline.repaired).toBe(0);
});

test('a killed restore counts what it wrote, and what is in doubt as left, until it is gone on with', async () => {
  world.connector.fault = ({ n }) => (n === 1 ? 'lose-request' : undefined);
  const begun = await apply(await planOf());
  await expectTruth();
  world.connector.fault = () => undefined;
  await resumeRestore(begun, 'maya', world.deps);
  expect((await expectTruth()).headline.left).toBe(0);
});

test('records whose values the platform altered, refused or changed beside the plan are not repaired, and told as repaired in part', async () => {
  world.connector.habits = new Set(['cuts']);
  await apply(await planOf());
  const { headline } = await expectTruth();
  expect(headline).toMatchObject({ repaired: 0, inPart: SIZE });
  expect(headline.examples[0]?.why).toBe('altered');
});

test('a field that the platform changed by itself beside the plan is told', async () => {
  world.connector.habits = new Set(['reacts']);
  const plan = await planOf();
  const restore = await apply(plan);
  const { headline, restores } = await report();
  expect(restores[0]?.id).toBe(restore);
  expect(restores[0]?.beside.length, ITSELF).toBeGreaterThan(0);
  expect(headline).toMatchObject({ repaired: 0, left: SIZE, inPart: SIZE });
});

test('a narrowed plan counts instead of the first one, with what was left out and by whom; also before anything is applied', async () => {
  const wide = await planOf();
  await link(incidents, incident, 'plan', wide.header.id, MAYA);
  expect((await report()).headline).toMatchObject({ damaged: SIZE, left: SIZE, leftOut: 0 });
  const narrow = await planOf({ keys: ['p0', 'p1', 'p2'], exceptFields: ['owner'] });
  await apply(narrow);
  const data = await report();
  expect(data.headline).toMatchObject({ damaged: 3, repaired: 3, left: 0, leftOut: SIZE - 3 });
  expect(data.plans.find(({ id }) => id === wide.header.id)?.replaced).toMatchObject({
    by: narrow.header.id,
    person: 'maya',
    how: 'narrowed',
    leftOut: { records: SIZE - 3, fields: 2 * (SIZE - 3) + 3 },
  });
  const text = reportMarkdown(data, { personal: true });
  expect(text).toContain('3 records damaged, 3 repaired, 0 left; 9 records left out');
  // The tables are of the plan that counts: three records, not twelve.
  expect(text).toContain(`| contacts | [${narrow.header.id}](#impact) | 3 | 3 | 0 |`);
  expect(text).not.toContain(`[${wide.header.id}](#impact) | 12`);
});

test('conflicts count as left until they are decided, and who decided them is told', async () => {
  const damaged = await world.take();
  world.connector.put('contacts', 'p0', { name: 'newer' }, 'person:kim');
  const plan = await planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, world.deps);
  const open = Object.values(plan.header.counts.conflicts).reduce((sum, n) => sum + n, 0);
  expect(open).toBeGreaterThan(0);
  await apply(plan);
  const before = await report();
  expect(before.headline.left).toBe(1);
  expect(before.headline.examples[0]).toMatchObject({ object: 'contacts', key: 'p0' });
  const [code = ''] = Object.keys(plan.header.counts.conflicts);
  const decided = await decideConflicts(plan.header.id, { [code]: 'restore' }, 'lee', world.deps);
  await apply(decided);
  const data = await expectTruth();
  expect(data.headline.left).toBe(0);
  expect(data.decisions).toContainEqual(expect.objectContaining({ by: 'lee', kind: 'plan decided', answer: 'restore' }));
});

test('a restore that names no incident is not counted by its time; one that is linked later is', async () => {
  const restore = await apply(await planOf(), []);
  expect((await report()).headline.counted).toBe(false);
  await link(incidents, incident, 'restore', restore, MAYA);
  await expectTruth();
});

test('what belongs together stays so over a clock that is put back, and where the incident is over', async () => {
  const plan = await planOf();
  world.clock.move(-20 * 60_000);
  await apply(plan);
  await resolve(incidents, incident, 'repaired', MAYA);
  const { headline } = await expectTruth();
  expect(headline.repaired).toBe(SIZE);
  // It ended before it was opened: nothing is claimed of how long it took.
  expect(headline.toResolvedMs).toBeUndefined();
});

test('records that are created again under another key are counted once', async () => {
  world.connector.put('contacts', 'p0', null, 'sync:crm');
  await apply(await planOf());
  world.connector.put(
    'contacts',
    String(Object.keys(world.connector.state().records['contacts'] ?? {}).find((key) => !key.startsWith('p'))),
    { name: 'bad' },
    'sync:crm',
  );
  await apply(await planOf());
  expect((await report()).headline).toMatchObject({ damaged: SIZE, repaired: SIZE, left: 0 });
});

test('the headline is the same in Markdown, HTML and JSON', async () => {
  await apply(await planOf());
  const data = await report();
  const words = '12 records damaged, 12 repaired, 0 left.';
  expect(reportMarkdown(data, { personal: false })).toContain(`**${words}**`);
  expect(reportHtml(data, { personal: false })).toContain(`<strong>${words}</strong>`);
  expect(JSON.parse(JSON.stringify(data)) as ReportData).toMatchObject({ headline: { damaged: 12, repaired: 12, left: 0 } });
});
