import { afterEach, describe, expect, it } from 'vitest';

import { seedMessy, startHubSpotSandbox, type HubSpotSandbox } from '../../src/sandbox/index.js';

const SIZE = { contacts: 5000, companies: 800, deals: 500, seed: 7 };

describe('a seeded account', () => {
  const started: HubSpotSandbox[] = [];
  const start = async (): Promise<HubSpotSandbox> => {
    const sandbox = await startHubSpotSandbox({ limits: { per10s: 100_000 } });
    started.push(sandbox);
    return sandbox;
  };
  afterEach(async () => {
    for (const sandbox of started.splice(0)) await sandbox.stop();
  });

  it('is the same for the same seed, and another for another', async () => {
    const [one, two, other] = [await start(), await start(), await start()];
    const began = process.cpuUsage();
    seedMessy(one, SIZE);
    const { user, system } = process.cpuUsage(began);
    seedMessy(two, SIZE);
    seedMessy(other, { ...SIZE, seed: 8 });
    expect(JSON.stringify(two.dump())).toBe(JSON.stringify(one.dump()));
    expect(JSON.stringify(other.dump())).not.toBe(JSON.stringify(one.dump()));
    expect([one.records('contacts').length, one.records('companies').length, one.records('deals').length]).toEqual([5000, 800, 500]);
    console.info(`seeded 6,300 records and ${one.links().length} links in ${Math.round((user + system) / 1000)} ms of CPU time`);
  });

  it('holds only addresses that nobody owns, and values that break what is careless', async () => {
    const sandbox = await start();
    seedMessy(sandbox, SIZE);
    const contacts = sandbox.records('contacts');
    const text = JSON.stringify(sandbox.dump());
    expect([...new Set(text.match(/@[\w.-]+/g))].sort()).toEqual(['@example.com', '@example.net', '@example.org']);
    const names = new Set(contacts.map((each) => each.properties.firstname));
    for (const name of ['محمد', '🦊 Fox', 'null', ' Bob ', '=1+1', 'Zoe\u0308', 'M\u00c3\u00bcller']) expect(names).toContain(name);
    expect(contacts.some((each) => (each.properties.message?.length ?? 0) > 4000)).toBe(true);
    expect(contacts.filter((each) => each.properties.hs_email_optout === 'true').length).toBeGreaterThan(300);
    expect(new Set(contacts.map((each) => each.properties.lifecyclestage)).size).toBe(9);
    expect(contacts.filter((each) => each.properties.email === undefined).length).toBeGreaterThan(50);
    expect(sandbox.counts()).toMatchObject({ requests: 0, writesPerRecord: {} });
  });

  it('survives being written to JSON and read back, links, history and next ids included', async () => {
    const [one, two] = [await start(), await start()];
    const { contacts } = seedMessy(one, { contacts: 200, companies: 20, deals: 20, seed: 3 });
    two.load(JSON.parse(JSON.stringify(one.dump())));
    expect(two.dump()).toEqual(one.dump());
    expect(two.links()).toEqual(one.links());
    const changed = contacts.find((id) => one.history('contacts', id, 'firstname').length > 1) ?? '';
    expect(two.history('contacts', changed, 'firstname')).toEqual(one.history('contacts', changed, 'firstname'));
    expect(() => two.load({ version: 2 })).toThrow(/version/);
    expect(two.records('contacts')).toHaveLength(200);
  });
});
