import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { type HubSpotSandbox, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { cleanEnv, program } from '../../cli/support/child.js';
import { rewriting } from './rewriting.js';
import { hubspotEntry, type ParityScene, parityScene, writesTo } from './scene.js';

// A user would lose: production, to what is tried in a test environment; or a test environment that keeps our marker.

/** Many checks follow each other here. */
const LIMITS = { per10s: 1_000_000, perDay: 1_000_000 };
let [stage, crm, other]: HubSpotSandbox[] = [];
let scene: ParityScene;
beforeEach(async () => {
  stage = await startHubSpotSandbox({ portalId: 111, token: 'pat-of-the-test-environment', limits: LIMITS });
  crm = await startHubSpotSandbox({ portalId: 222, accountType: 'STANDARD', token: 'pat-of-production', limits: LIMITS });
  other = await startHubSpotSandbox({ portalId: 333, accountType: 'STANDARD', token: 'pat-of-another-production', limits: LIMITS });
  seedMessy(stage, { contacts: 30, companies: 5, deals: 5, seed: 7 });
  for (const one of [crm, other]) seedMessy(one, { contacts: 230, companies: 5, deals: 5, seed: 8 });
  for (const one of [stage, crm, other]) one.resetCounts();
  const entries = { stage: hubspotEntry('stage', stage), crm: hubspotEntry('crm', crm), emea: hubspotEntry('emea', other) };
  scene = await parityScene(entries);
});
afterEach(async () => {
  await Promise.all([stage, crm, other].map(async (one) => await one?.stop()));
});

const at = (sandbox: HubSpotSandbox | undefined): HubSpotSandbox => {
  if (sandbox === undefined) throw new Error('not started');
  return sandbox;
};
const OBJECTS = ['contacts', 'companies', 'deals'];
const valuesOf = (sandbox: HubSpotSandbox | undefined): string => JSON.stringify(OBJECTS.map((object) => [...at(sandbox).truth().records(object)]));
const onlyLeak = { areas: ['scopes'], accepted: [] };

/** The text of the test environment that is a marker now, if one is. */
function markerIn(sandbox: HubSpotSandbox | undefined, object: string): string | undefined {
  for (const { values } of at(sandbox).truth().records(object)) {
    const found = Object.values(values).find((value) => /^drill-[\da-f-]{17}$/u.test(value));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A sync that nobody knows of: what it finds changed in the test environment it writes into a note in production. */
function copyInto(sandbox: HubSpotSandbox | undefined, object: string, form: (marker: string) => string): boolean {
  const marker = markerIn(stage, object);
  if (marker === undefined) return false;
  const [first] = [...at(sandbox).truth().records('companies')];
  at(sandbox)
    .writeAs({ kind: 'integration', id: 'forgotten-sync' })
    .update('companies', first?.key ?? '', { description: form(marker) });
  return true;
}

it('sees a marker that flows on at once, in another object type, field and form, in any production of the kind, and takes it away from the test environment', async () => {
  await scene.parity(onlyLeak);
  const before = valuesOf(stage);
  let copied = false;
  at(other).onRequest(() => {
    copied ||= copyInto(other, 'deals', (marker) => `Deal ${marker.toUpperCase().replaceAll('-', '')}.`);
  });
  const { code, result } = await scene.check();
  expect(code).toBe(2);
  expect(result).toMatchObject({ verdict: 'different', leak: { status: 'leaked' } });
  expect(result.leak.sightings).toMatchObject([
    { platform: 'emea', object: 'companies', field: 'description', from: expect.stringMatching(/^deals\./u) as string },
  ]);
  expect(valuesOf(stage)).toBe(before);
  copied = false;
  expect((await scene.run('parity', 'check')).stdout).toMatch(/Next\s+Pause the sync that carries it to production: runback sync list/u);
  // The sync wrote; runback did not.
  expect(at(other).writes()).toHaveLength(2);
  expect([...writesTo(at(crm)), ...writesTo(at(other))]).toEqual([]);
});

it('sees what flows on late: production is read again when the time to settle is over, and the window says so', async () => {
  await scene.parity({ ...onlyLeak, leak: { settle: '300ms', mark: ['contacts.jobtitle'], look_in: ['crm'] } });
  let lists = 0;
  at(crm).onRequest(({ path }) => {
    // The first read of all has come past the companies by then.
    if (path === '/crm/v3/objects/deals') lists += 1;
    if (lists === 1) copyInto(crm, 'contacts', (marker) => marker);
  });
  const late = await scene.check();
  expect(late.result.leak).toMatchObject({ status: 'leaked', passes: 2, sightings: [{ platform: 'crm', from: 'contacts.jobtitle' }] });
  at(crm).onRequest(undefined);
  const [company] = [...at(crm).truth().records('companies')];
  at(crm)
    .writeAs({ kind: 'person', id: '1' })
    .update('companies', company?.key ?? '', { description: null });

  const clear = await scene.check();
  const { status, window } = clear.result.leak;
  expect(status).toBe('clear');
  expect(Date.parse(window.to) - Date.parse(window.from)).toBeGreaterThanOrEqual(299);
  expect(clear.code).toBe(0);
  // Another production that nobody named was not read.
  expect(at(other).counts().byEndpoint['GET /crm/v3/objects/contacts']).toBeUndefined();
});

it('passes nothing where reading production was cut short: what was not read is named', async () => {
  at(crm).faults.add({ kind: 'forbidden', path: '/crm/v3/objects/deals', times: null });
  at(crm).faults.add({ kind: 'remove-scope', scope: 'crm.objects.deals.read', path: '/crm/v3/objects/contacts' });
  await scene.parity({ ...onlyLeak, leak: { settle: '0s', look_in: ['crm'] } });
  const { code, result } = await scene.check();
  expect(code).toBe(3);
  expect(result.verdict).toBe('unproven');
  expect(result.leak.status).toBe('unproven');
  expect(result.items).toMatchObject([{ item: 'leak/crm.deals', status: 'unreadable' }]);
  expect(result.leak.read[0]?.objects).toMatchObject([
    { object: 'contacts' },
    { object: 'companies' },
    { object: 'deals', why: expect.any(String) as string },
  ]);
  expect((await scene.run('parity', 'check')).stdout).toMatch(/no marker was seen, but that proves nothing/u);
});

it('passes nothing where production answers in part, and has written nothing there', async () => {
  const proxy = await rewriting(at(crm).url, (path, body) =>
    path === '/crm/v3/objects/companies' ? { ...(body as object), numErrors: 2, errors: [{ message: 'some are being moved' }] } : body,
  );
  try {
    scene = await parityScene({
      stage: hubspotEntry('stage', at(stage)),
      crm: hubspotEntry('crm', at(crm), { url: proxy.url, limits: { wait: '50ms' } }),
    });
    await scene.parity(onlyLeak);
    const before = valuesOf(stage);
    const { code, result } = await scene.check();
    expect(code).toBe(3);
    expect(result).toMatchObject({ verdict: 'unproven', leak: { status: 'unproven' } });
    expect(result.items).toMatchObject([{ item: 'leak/crm.companies', status: 'unreadable', why: expect.stringMatching(/left out/u) as string }]);
    expect([at(crm).writes(), writesTo(at(crm))]).toEqual([[], []]);
    expect(valuesOf(stage)).toBe(before);
  } finally {
    await proxy.stop();
  }
});

it('lets one check at a time mark an account, and puts back what was there when it is stopped by Ctrl-C', async () => {
  await scene.parity({ ...onlyLeak, leak: { settle: '1h', look_in: ['crm'] } });
  const before = valuesOf(stage);
  const firstRead = new Promise<void>((resolve) =>
    at(crm).onRequest(({ path }) => {
      if (path === '/crm/v3/objects/deals') resolve();
    }),
  );
  const child = spawn(process.execPath, [program, '--workspace', scene.folder, '--json', 'parity', 'check'], {
    env: cleanEnv(scene.env),
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  await firstRead;
  expect(markerIn(stage, 'contacts')).toBeDefined();
  const other = await scene.run('parity', 'check');
  expect(other.code, other.stderr).toBe(11);
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(valuesOf(stage)).toBe(before);
  expect([at(crm).writes(), writesTo(at(crm))]).toEqual([[], []]);
});

it('writes nothing into the test environment with --skip-leak, and says that a leak was not looked for', async () => {
  await scene.parity(onlyLeak);
  const { code, result } = await scene.check('--skip-leak');
  expect(code).toBe(0);
  expect(result.leak).toEqual({ status: 'skipped' });
  expect(at(stage).writes()).toEqual([]);
});

it('killed at any request, it has written nothing in production, and the next check takes the marker away', async () => {
  await scene.parity({ leak: { settle: '0s', mark: ['contacts.jobtitle', 'companies.description'], look_in: ['crm'] } });
  const [before, census] = [valuesOf(stage), JSON.stringify(at(crm).dump())];
  let requests = 0;
  let marks = 0;
  const count = (): void => void (requests += 1);
  at(stage).onRequest(count);
  at(crm).onRequest(count);
  expect((await scene.check()).code).toBe(0);
  const all = requests;
  // Every one of the last, where markers are written, searched for and taken away; and some before.
  const places = Array.from({ length: all }, (_, i) => i + 1).filter((n) => n > all - 30 || n % 9 === 0);
  for (const place of places) {
    requests = 0;
    const child = spawn(process.execPath, [program, '--workspace', scene.folder, '--json', 'parity', 'check'], {
      env: cleanEnv(scene.env),
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    const kill = async (): Promise<void> => {
      requests += 1;
      if (requests !== place) return;
      child.kill('SIGKILL');
      await ended;
    };
    at(stage).onRequest(kill);
    at(crm).onRequest(kill);
    await ended;
    if (markerIn(stage, 'contacts') !== undefined) marks += 1;
    at(stage).onRequest(undefined);
    at(crm).onRequest(undefined);
    expect(writesTo(at(crm)), `killed at ${place}`).toEqual([]);
    expect(at(crm).writes()).toEqual([]);
  }
  expect(marks).toBeGreaterThan(5);
  const { code, result } = await scene.check();
  expect(result).toMatchObject({ verdict: 'like', leak: { status: 'clear' } });
  expect(code).toBe(0);
  expect(valuesOf(stage)).toBe(before);
  expect(JSON.stringify(at(crm).dump())).toBe(census);
  expect(await readdir(join(scene.folder, '.runback', 'documents', 'leak-markers')).catch(() => [])).toEqual([]);
});
