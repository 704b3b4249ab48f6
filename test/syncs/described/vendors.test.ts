import { afterEach, describe, expect, it } from 'vitest';

import { openController } from '../../../src/syncs/registry.js';
import type { SecretRef } from '../../../src/workspace/index.js';
import { airbyte } from '../stubs/airbyte.js';
import { census } from '../stubs/census.js';
import { fivetran } from '../stubs/fivetran.js';
import { hubspotWorkflow } from '../stubs/hubspot-workflow.js';
import { startStub } from '../stubs/kit.js';
import { mailchimpAutomation, mailchimpCampaign } from '../stubs/mailchimp.js';
import { n8n } from '../stubs/n8n.js';
import { salesforceFlow, salesforceJob } from '../stubs/salesforce.js';
import type { Vendor } from '../stubs/vendor.js';
import { workato } from '../stubs/workato.js';
import { depsOf, quickClock, syncsOf } from '../stubs/workspace.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const by = { by: 'maya', holder: 'run-1/pause', reason: 'wrong names' };

async function started(vendor: Vendor, drain?: string) {
  const stub = await startStub((asked) => vendor.answer(asked));
  const options = { ...vendor.settings, url: `${stub.url}${vendor.prefix ?? ''}` };
  const clock = quickClock();
  const credentials = Object.fromEntries(Object.entries(vendor.credentials).map(([name, secret]) => [name, `env:${secret}` as SecretRef]));
  const sync = { name: 'leads', controller: vendor.kind, writes_to: ['crm'], writes_as: [], credentials, options };
  const { syncs, close } = await syncsOf([drain === undefined ? sync : { ...sync, drain }], clock);
  closers.push(stub.close, close);
  const notes: string[] = [];
  const call = { reporter: { progress: () => {}, waiting: () => {}, note: (text: string) => notes.push(text) } };
  const controller = await openController(vendor.kind, depsOf('leads', options, vendor.credentials));
  return { stub, clock, syncs, notes, call, controller, pause: () => syncs.pause({ names: ['leads'], ...by }, call) };
}

// A user would lose: a sync that did pause, taken for one that runs (and the restore refused), or the other way round.
describe('Fivetran', () => {
  it('answers 500 although it did pause, and tells so half a minute later: it is paused, and the sync in flight is waited for', async () => {
    const vendor = fivetran();
    Object.assign(vendor.own, { late: 15, failsWhileSyncing: true });
    vendor.truth.inFlight = 1;
    const { pause, clock, controller } = await started(vendor, '10s');
    await expect(pause()).rejects.toMatchObject({ code: 'drain-timeout', message: expect.stringContaining('leads (1 in flight)') as string });
    expect(clock.slept).toBeGreaterThan(30_000);
    expect((await controller.status()).state).toBe('draining');
    vendor.truth.inFlight = 0;
    expect((await controller.status()).state).toBe('paused');
  });

  it('answers 500 and goes on running: after its minute it counts as not paused', async () => {
    const vendor = fivetran();
    const { pause, clock, stub } = await started(vendor);
    stub.fault = '500, not done';
    await expect(pause()).rejects.toMatchObject({ code: 'sync-failed' });
    expect(clock.slept).toBeGreaterThanOrEqual(60_000);
  });
});

describe('Workato', () => {
  it('jobs that wait are told before the recipe starts and runs them', async () => {
    const vendor = workato();
    const { pause, syncs, call, notes, stub } = await started(vendor);
    const { id } = await pause();
    vendor.truth.waiting = 3;
    const [view] = await syncs.views();
    expect(view?.status).toMatchObject({ state: 'paused', fires: 3, warnings: [expect.stringContaining('3 pending jobs') as string] });
    notes.length = 0;
    const sent = (): boolean => stub.log.includes('PUT /api/recipes/28904/start');
    const heard: boolean[] = [];
    await syncs.resume(id, { by: 'lee' }, { reporter: { ...call.reporter, note: (text) => heard.push(text.includes('3 pending jobs') && !sent()) } });
    expect(heard).toContain(true);
    expect(vendor.own.ran).toBe(3);
  });

  it('a start that is answered with 200 and did not start it is not taken for one', async () => {
    const vendor = workato();
    const { pause, syncs } = await started(vendor);
    const { id } = await pause();
    vendor.own.refusesStart = true;
    await expect(syncs.resume(id, { by: 'lee' })).rejects.toMatchObject({ code: 'sync-failed' });
    expect((await syncs.pauses())[0]?.id).toBe(id);
  });
});

describe('HubSpot workflows', () => {
  it('are written as a whole: what someone saves between the read and the write is kept', async () => {
    const vendor = hubspotWorkflow();
    const { pause, stub } = await started(vendor);
    let edits = 0;
    vendor.own.beforeWrite = () => {
      if ((edits += 1) === 1) vendor.own.edit();
    };
    await pause();
    expect(vendor.truth.paused).toBe(true);
    expect(vendor.truth.how?.()).toMatchObject({ actions: [{ actionId: '1' }, { actionId: '8' }] });
    expect(stub.log.filter((line) => line.startsWith('PUT'))).toHaveLength(2);
  });

  it('that someone saves every time are left alone, and named', async () => {
    const vendor = hubspotWorkflow();
    const { pause, stub } = await started(vendor);
    vendor.own.beforeWrite = () => {
      vendor.own.edit();
    };
    await expect(pause()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('Something else changed it') as string });
    expect(vendor.truth.paused).toBe(false);
    expect(stub.log.filter((line) => line.startsWith('PUT'))).toHaveLength(3);
  });
});

describe('Salesforce', () => {
  it('the version that was active is active again, whoever resumes it', async () => {
    const vendor = salesforceFlow();
    const { pause, syncs } = await started(vendor);
    expect(vendor.truth.how?.()).toBe(3);
    const { id, entries } = await pause();
    expect(entries[0]?.kept).toEqual({ version: 3 });
    expect(vendor.truth.how?.()).toBe(0);
    await syncs.resume(id, { by: 'lee' });
    expect(vendor.truth.how?.()).toBe(3);
  });

  it('no version is guessed where nobody wrote down which was active', async () => {
    const vendor = salesforceFlow();
    vendor.truth.paused = true;
    const { controller, stub } = await started(vendor);
    await expect(controller.resume()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('version') as string });
    expect(stub.log.some((line) => line.startsWith('PATCH'))).toBe(false);
  });

  it('a scheduled job is only watched: a person is told how to pause it, and then it counts as paused', async () => {
    const vendor = salesforceJob();
    const { pause, controller, stub } = await started(vendor);
    await expect(pause()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('Scheduled Jobs') as string });
    expect(stub.log.every((line) => line.startsWith('GET') || line.endsWith('/token'))).toBe(true);
    vendor.truth.inFlight = 1;
    expect(await controller.status()).toMatchObject({ state: 'running', inFlight: 1 });
    vendor.truth.paused = true;
    expect((await controller.status()).state).toBe('paused');
    expect((await pause()).entries[0]).toMatchObject({ state: 'paused' });
  });
});

describe('Mailchimp', () => {
  it('a campaign is scheduled again for its time', async () => {
    const vendor = mailchimpCampaign();
    const { pause, syncs } = await started(vendor);
    const { id, entries } = await pause();
    expect(vendor.truth.how?.()).toEqual({ time: null, timewarp: false });
    expect(entries[0]?.kept).toEqual({ time: '2030-01-02T09:15:00+00:00', timewarp: true });
    await syncs.resume(id, { by: 'lee' });
    expect(vendor.truth.how?.()).toEqual({ time: '2030-01-02T09:15:00+00:00', timewarp: true });
  });

  it('people in the queues of an automation are told before it sends to them', async () => {
    const vendor = mailchimpAutomation();
    const { pause, controller, syncs, call, notes } = await started(vendor);
    const { id } = await pause();
    vendor.truth.waiting = 40;
    expect(await controller.status()).toMatchObject({ fires: 40 });
    await syncs.resume(id, { by: 'lee' }, call);
    expect(notes.join('\n')).toContain('40 people wait in its queues');
  });
});

describe('work in flight', () => {
  it.each([
    ['n8n', n8n],
    ['Airbyte', airbyte],
    ['Census', census],
  ])('%s: is cancelled only where a person asked for it, and only after the wait', async (_, open) => {
    const vendor = open();
    vendor.truth.inFlight = 5;
    const { syncs, clock, pause, call, notes } = await started(vendor, '20s');
    await expect(pause()).rejects.toMatchObject({ code: 'drain-timeout' });
    expect(vendor.truth.cancelled).toBe(0);
    const before = clock.slept;
    const { entries } = await syncs.pause({ names: ['leads'], ...by, cancelLate: true }, call);
    expect(clock.slept - before).toBeGreaterThanOrEqual(20_000);
    expect(entries[0]).toMatchObject({ state: 'paused', inFlight: 0 });
    expect(vendor.truth.cancelled).toBe(5);
    expect(notes.join('\n')).toContain('Cancelling what leads still has in flight (5)');
  });

  it('of n8n is counted over all pages of its list', async () => {
    const vendor = n8n();
    vendor.truth.inFlight = 7;
    vendor.truth.waiting = 3;
    const { controller, stub } = await started(vendor);
    expect(await controller.status()).toMatchObject({ inFlight: 7, warnings: [expect.stringContaining('3 of its executions wait') as string] });
    expect(stub.log.filter((line) => line === 'GET /api/v1/executions')).toHaveLength(4 + 2);
  });

  it('Airbyte: jobs that are about to run count too', async () => {
    const vendor = airbyte();
    vendor.truth.waiting = 2;
    const { controller } = await started(vendor);
    expect((await controller.status()).inFlight).toBe(2);
  });
});

it('an n8n that cannot list what runs is not taken for one with nothing in flight', async () => {
  const vendor = n8n();
  const stub = await startStub((asked) =>
    asked.query.get('status') === 'running'
      ? { status: 400, body: { message: 'request/query/status must be equal to one of the allowed values: error, success, waiting' } }
      : vendor.answer(asked),
  );
  closers.push(stub.close);
  const controller = await openController('n8n', depsOf('leads', { ...vendor.settings, url: stub.url }, vendor.credentials));
  await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('allowed values') as string });
});
