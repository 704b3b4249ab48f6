import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseTest } from '../../../src/checks/index.js';
import { type Platform, platformLock } from '../../../src/connectors/index.js';
import { RunbackError } from '../../../src/lib/index.js';
import { parseMapping } from '../../../src/mappings/index.js';
import {
  type Canary,
  type CanaryDeps,
  canaryOf,
  type CanaryResult,
  canaryResults,
  measurementOf,
  runCanary,
  stepCanary,
} from '../../../src/monitors/canary/index.js';
import { ALL_SCOPES } from '../../../src/sandbox/hubspot/apps.js';
import { text } from '../../../src/sandbox/hubspot/properties/definition.js';
import { apiWrites, canaryFile, type CanaryWorld, MAPPING, openCanaryWorld, restOf } from './world.js';

// A user would lose: a person who is mailed because of a test, or an integration that nobody knows to be dead.

const PERSON = { kind: 'person', id: '77' } as const;

let world: CanaryWorld;
beforeEach(async () => {
  world = await openCanaryWorld();
});
afterEach(async () => await world.close());

const wroteNothing = (): void => expect(apiWrites(world)).toEqual([]);
const told = ({ verdict, because }: CanaryResult): string => `${verdict} ${because ?? ''}`.trim();

type Write = Platform['connector']['write'];

/** The same, with something around the write to the CRM. */
function writing(of: CanaryWorld, canary: Canary, around: (write: () => ReturnType<Write>) => ReturnType<Write>): CanaryDeps {
  const deps = of.deps(canary);
  return {
    ...deps,
    openPlatform: async (name, call) => {
      const platform = await deps.openPlatform(name, call);
      const write: Write = async (batch, options) => await around(async () => await platform.connector.write(batch, options));
      return name === 'salesforce' ? { ...platform, connector: { ...platform.connector, write } } : platform;
    },
  };
}

describe('what comes of it', () => {
  it('arrives, with one write to one field of one record', async () => {
    const before = restOf(world);
    const result = await world.run();
    expect(result).toMatchObject({ verdict: 'arrived', wrote: true });
    expect(restOf(world)).toBe(before);
    expect(result.tookMs).toBeGreaterThanOrEqual(20_000);
    expect(result.tookMs).toBeLessThan(60_000);
    expect(apiWrites(world)).toEqual([`update Contact ${world.keys.crm}`]);
    expect(measurementOf(result)).toMatchObject({ kind: 'trial', passed: true });
  });

  it('is lost where the sync carries nothing, late where it takes longer, wrong where something else arrives', async () => {
    world.sync = undefined;
    expect(told(await world.run())).toBe('lost not-arrived');
    world.sync = { lagMs: 7 * 60_000, make: (given) => given };
    const late = await world.run();
    expect(told(late)).toBe('late not-arrived');
    world.sync = { lagMs: 0, make: (given) => given.slice(0, 6) };
    expect(told(await world.run())).toBe('wrong other-value');
    expect((await canaryResults(world.store, 'canary-contact')).map(({ verdict }) => verdict)).toEqual(['lost', 'late', 'wrong']);
    expect(apiWrites(world)).toHaveLength(3);
    expect(measurementOf(late)).toMatchObject({ kind: 'trial', passed: false, finding: 'canary-lost' });
  });

  it('takes what the last run wrote, and comes only now, for nothing else', async () => {
    world.sync = { lagMs: 12 * 60_000, make: (given) => given };
    const first = await world.run();
    expect(told(first)).toBe('lost not-arrived');
    // The first text comes in the middle of the second run; then the second one does.
    expect(told(await world.run())).not.toContain('other-value');
  });
});

describe('before each write', () => {
  it('nothing is written to a record that somebody has subscribed', async () => {
    world.crm.writeAs(PERSON).update('Contact', world.keys.crm, { HasOptedOutOfEmail: 'false' });
    const result = await world.run();
    expect(told(result)).toBe('refused subscribed');
    expect(result.why).toContain('HasOptedOutOfEmail');
    expect(measurementOf(result)).toMatchObject({ finding: 'canary-unsafe' });
    wroteNothing();
  });

  it('nor where its copy could be mailed', async () => {
    world.map.writeAs(PERSON).update('contacts', world.keys.map, { hs_email_optout: null });
    expect(told(await world.run())).toBe('refused subscribed');
    wroteNothing();
  });

  it('nor where it was put on a campaign, or its copy on a list', async () => {
    const campaign = world.crm.writeAs(PERSON).create('Campaign', { Name: 'Spring' });
    const member = world.crm.writeAs(PERSON).create('CampaignMember', { CampaignId: campaign, ContactId: world.keys.crm });
    expect(told(await world.run())).toBe('refused on-list');
    world.crm.writeAs(PERSON).remove('CampaignMember', member);
    const list = world.map.writeAs(PERSON).create('lists', { name: 'Newsletter', object: 'contacts', processing: 'MANUAL' });
    world.map.writeAs(PERSON).link('contacts', world.keys.map, 'lists', list);
    const result = await world.run();
    expect(told(result)).toBe('refused on-list');
    expect(result.why).toBe(`hubspot/contacts ${world.keys.map} is on list ${list}.`);
    wroteNothing();
  });

  it('nor where nobody may read the lists', async () => {
    await world.close();
    world = await openCanaryWorld({ scopes: ALL_SCOPES.filter((scope) => scope !== 'crm.lists.read') });
    const result = await world.run();
    expect(told(result)).toBe('refused unreadable');
    expect(result.why).toContain('crm.lists.read');
    wroteNothing();
  });

  it('nor to a record that is not the declared one, or is gone, or has no copy', async () => {
    world.crm.writeAs(PERSON).update('Contact', world.keys.crm, { LastName: 'Maya Ortiz' });
    const renamed = await world.run();
    expect(told(renamed)).toBe('refused not-the-record');
    expect(renamed.why).not.toContain('Maya');
    world.crm.writeAs(PERSON).update('Contact', world.keys.crm, { LastName: 'runback-canary-contacts' });
    world.map.writeAs(PERSON).remove('contacts', world.keys.map);
    expect(told(await world.run())).toBe('lost copy-gone');
    world.crm.writeAs(PERSON).remove('Contact', world.keys.crm);
    expect(told(await world.run())).toMatch(/copy-gone|record-gone/u);
    wroteNothing();
  });

  it('nor where the flow has a second canary', async () => {
    const canary = world.canary();
    const result = await world.run(canary, [canary, { ...canary, id: 'canary-two' }]);
    expect(told(result)).toBe('refused second-canary');
    expect(result.why).toContain('canary-two');
    wroteNothing();
  });

  it('nor while another run writes to the platform', async () => {
    const canary = world.canary();
    const deps = world.deps(canary);
    const platform = await deps.openPlatform('salesforce', {});
    const lock = await world.store.lock(platformLock(platform), { by: 'maya', holder: 'restore-1', purpose: 'restore of salesforce' });
    expect(told(await world.run(canary))).toBe('unknown busy');
    wroteNothing();
    await lock.release();
    await platform.close();
  });
});

describe('a changed API is told as what it is', () => {
  it('a field that is gone, renamed, or read-only', async () => {
    expect(told(await world.run())).toBe('arrived');
    const { properties } = world.map.portal.types.get('contacts');
    properties.delete('canary_text');
    const gone = await world.run();
    expect(told(gone)).toBe('refused field-gone');
    expect(measurementOf(gone)).toMatchObject({ finding: 'schema-changed' });
    properties.set('canary_text_2', text('canary_text_2', 'Canary text', { hubspotDefined: false }));
    const renamed = await world.run();
    expect(told(renamed)).toBe('refused field-renamed');
    expect(renamed.why).toContain('canary_text_2');
    expect(apiWrites(world)).toHaveLength(1);
  });

  it('a field that may only be read now', async () => {
    const type = world.crm.org.schema.get('Contact');
    const field = type.fields.get('Canary__c');
    if (field === undefined) throw new Error('no field');
    Object.assign(field, { updateable: false, createable: false });
    expect(told(await world.run())).toBe('refused field-read-only');
    wroteNothing();
  });
});

describe('credentials and addresses', () => {
  it('an expired token is found by the next run, and nothing is written', async () => {
    for (const sandbox of [world.map, world.crm]) {
      sandbox.faults.add({ kind: 'unauthorized', times: null });
      const result = await world.run();
      expect(told(result)).toBe('unknown authorization');
      expect(measurementOf(result)).toMatchObject({ kind: 'unmeasured', authorization: true });
      sandbox.faults.clear();
    }
    wroteNothing();
  });

  it('an account that is not the declared one is not written to', async () => {
    const canary = world.canary();
    const deps = world.deps(canary);
    const result = await runCanary(canary, {
      ...deps,
      openPlatform: async () => await Promise.reject(new RunbackError('wrong-account', 'Platform salesforce is not the account that was declared')),
    });
    expect(told(result)).toBe('refused other-account');
  });
});

describe('whatever ends a step', () => {
  it('a lost answer is looked up, and nothing is written twice', async () => {
    world.crm.faults.add({ kind: 'drop-answer', path: '/composite/sobjects', method: 'PATCH', times: 1 });
    const result = await world.run();
    expect(told(result)).toBe('arrived');
    expect(apiWrites(world)).toHaveLength(1);
  });

  it('a request that never came is sent again by the connector, and it is still one write', async () => {
    world.crm.faults.add({ kind: 'drop-request', path: '/composite/sobjects', method: 'PATCH', times: 1 });
    expect(told(await world.run())).toBe('arrived');
    expect(apiWrites(world)).toHaveLength(1);
  });

  it('a write of which nobody knows ends as not known, is not repeated, and the next run is as any other', async () => {
    const canary = world.canary();
    const lost = writing(world, canary, async (write) => {
      void write;
      return await Promise.resolve([{ status: 'in_doubt', message: 'lost' }]);
    });
    expect(told(await runCanary(canary, lost))).toBe('unknown in-doubt');
    wroteNothing();
    expect(told(await world.run())).toBe('arrived');
  });

  it('another field that moves with the write is told, by its name', async () => {
    const canary = world.canary();
    const moving = writing(world, canary, async (write) => {
      const results = await write();
      world.crm.writeAs(PERSON).update('Contact', world.keys.crm, { Title: 'Changed' });
      return results;
    });
    const result = await runCanary(canary, moving);
    expect(told(result)).toBe('wrong other-fields');
    expect(result.why).toContain('Title');
    expect(result.why).not.toContain('Changed');
    const declared = { ...world.canary(), moves: ['Title'] };
    expect(
      told(
        await runCanary(
          declared,
          writing(world, declared, async (write) => await write()),
        ),
      ),
    ).toBe('arrived');
  });

  it('a sync that writes back is told', async () => {
    const canary = world.canary();
    const back = writing(world, canary, async (write) => {
      const results = await write();
      world.crm.writeAs(PERSON).update('Contact', world.keys.crm, { Canary__c: 'none yet' });
      return results;
    });
    expect(told(await runCanary(canary, back))).toBe('wrong written-back');
  });

  it('a step never waits, and the next one continues', async () => {
    const canary = world.canary();
    const first = await stepCanary(canary, world.deps(canary));
    expect(first.state).toBe('waiting');
    if (first.state !== 'waiting') return;
    await world.clock.sleep(first.lookAt.getTime() - world.clock.now().getTime());
    await world.clock.sleep(20_000);
    expect(await stepCanary(canary, world.deps(canary))).toMatchObject({ state: 'ended', result: { run: first.run, verdict: 'arrived' } });
    expect(apiWrites(world)).toHaveLength(1);
  });
});

describe('the file', () => {
  it('says what is wrong with it', () => {
    const file = canaryFile('003', '1');
    expect(() => parseTest(file.replace('runback-canary-contacts', 'Maya'), 'x.yml')).toThrow(/canary record/u);
    expect(() => parseTest(file.replace(`, LastName: runback-canary-contacts`, ''), 'x.yml')).toThrow(/canary record|one field/u);
    expect(() => parseTest(file.replace('LastName:', 'Canary__c:'), 'x.yml')).toThrow(/changes with each run/u);
    expect(() => parseTest(file.replace('mapping: contacts\n', ''), 'x.yml')).toThrow(/mapping/u);
    const test = parseTest(file.replace('write: crm', 'write: shop'), 'x.yml');
    if (test.kind !== 'canary') throw new Error('no canary');
    expect(() => canaryOf(test, parseMapping(MAPPING, 'm.yml'))).toThrow(/no such side/u);
  });
});
