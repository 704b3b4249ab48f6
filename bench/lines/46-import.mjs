// Calls of a test that imports 1,000 records into Salesforce and judges each in HubSpot, against those that nobody could do without.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseTest, runTouchpoints } from '../../dist/checks/index.js';
import { openPlatform } from '../../dist/connectors/index.js';
import { Redactor, systemClock } from '../../dist/lib/index.js';
import { parseMapping } from '../../dist/mappings/index.js';
import { startHubSpotSandbox, startSalesforceSandbox } from '../../dist/sandbox/index.js';
import { openFileStore } from '../../dist/store/index.js';

const RECORDS = 1000;
const REACH = 1.1;
const MAPPING = `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: Email, map: email, as: email }]
fields:
  - { crm: FirstName, map: firstname, authority: crm }
  - { crm: LastName, map: lastname, authority: crm, blank: refuse }
  - { crm: Email, map: email, authority: crm, as: email }
  - { crm: Title, map: jobtitle, authority: crm }
`;
const TEST = `version: 1
id: import
title: Many at once
mapping: contacts
records: { count: ${RECORDS} }
steps: [{ import: crm, within: 5m, settle: 100ms }]
`;

export async function measure() {
  const crm = await startSalesforceSandbox({ limits: { perDay: 1_000_000 } });
  const map = await startHubSpotSandbox({ seed: 11 });
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const writer = map.writeAs({ kind: 'integration', id: '900' });
  const seen = new Set();
  const sync = setInterval(() => {
    for (const { key, values } of crm.truth().records('Contact')) {
      if (seen.has(key)) continue;
      seen.add(key);
      const { FirstName: firstname, LastName: lastname, Email: email, Title: jobtitle } = values;
      writer.create(
        'contacts',
        Object.fromEntries(Object.entries({ firstname, lastname, email, jobtitle }).filter(([, value]) => value !== undefined)),
      );
    }
  }, 20);
  const secrets = { token: map.token, id: crm.connectedApp.clientId, secret: crm.connectedApp.clientSecret };
  const config = {
    hubspot: {
      connector: 'hubspot',
      account: map.account,
      url: map.url,
      credentials: { token: 'file:token' },
      objects: ['contacts'],
      limits: { requests_per_10s: 10_000 },
      options: { search_lag: '0s' },
    },
    salesforce: {
      connector: 'salesforce',
      account: crm.account,
      url: crm.url,
      credentials: { client_id: 'file:id', client_secret: 'file:secret' },
      objects: ['Contact'],
      limits: {},
      options: {},
    },
  };
  const opened = [];
  let [described, setUp] = [0, 0];
  const requests = () => crm.counts().requests + map.counts().requests;
  const open = async (name) => {
    const secret = async (ref) => secrets[ref.slice('file:'.length)];
    const platform = await openPlatform(
      { name, environment: 'sandbox', ...config[name] },
      { secret, clock: systemClock, environment: {}, writes: 'never' },
    );
    opened.push(platform);
    const describe = async (...given) => {
      const told = await platform.connector.describe(...given);
      if ((described += 1) === 2) setUp = requests();
      return told;
    };
    return {
      ...platform,
      connector: new Proxy(platform.connector, { get: (of, key) => (key === 'describe' ? describe : Reflect.get(of, key, of)) }),
    };
  };
  try {
    const store = openFileStore({ dir: folder, clock: systemClock, redactor: new Redactor() });
    const mapping = parseMapping(MAPPING, 'mappings/contacts.yml');
    const deps = { store, clock: systemClock, by: 'bench', mapping, openPlatform: open, call: {} };
    const result = await runTouchpoints(parseTest(TEST, join(folder, 'tests/import.yml')), deps);
    if (!result.passed) throw new Error(JSON.stringify(result.checks.filter(({ passed }) => !passed)));
    // 200 creates and 2,000 rows an answer there, 100 records an answer here.
    const least = setUp + RECORDS / 200 + 1 + RECORDS / 100;
    const ratio = requests() / least;
    return [
      {
        what: `calls of a test that imports ${RECORDS.toLocaleString('en')} records into Salesforce and judges each in HubSpot`,
        ours: `${requests()} calls`,
        against: `least possible ${least}, ${setUp} of them to open and describe both`,
        ratio: ratio.toFixed(2),
        reach: `≤ ${REACH}`,
        verdict: ratio <= REACH ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    clearInterval(sync);
    await Promise.all(opened.map(async (platform) => await platform.close()));
    await Promise.all([crm.stop(), map.stop(), rm(folder, { recursive: true, force: true })]);
  }
}
