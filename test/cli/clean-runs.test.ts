import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { stageTwoPlatforms, type TwoPlatforms } from '../../src/drills/index.js';
import { createRandom } from '../../src/sandbox/index.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';
import { runHere } from './support/here.js';

/** The two platforms of the demo with a sync that does its work, however long it takes. A user would lose: trust in every verdict after the first false one. */

const RUNS = fullSweeps ? 100 : 3;
const MOST_LAG_MS = 900;
const SYNC = { kind: 'integration', id: '48621', label: 'CRM to marketing platform' } as const;
const MAPPING = `version: 1
id: people
between: { crm: crm/Contact, hub: hubspot/contacts }
match: [{ crm: Email, hub: email, as: email }]
settle: 1m
creates: [hub]
on_delete: { crm: deleted in hub }
fields:
  - { crm: LastName, hub: lastname, authority: crm, blank: refuse }
  - { crm: Email, hub: email, authority: crm, as: email }
  - { crm: Phone, hub: phone, authority: crm, as: phone/US }
  - { crm: Title, hub: jobtitle, authority: hub }
  - { crm: MailingCity, hub: city, authority: hub }
`;
const TEST = `version: 1
id: people
title: People of both platforms
mapping: people
records: { count: 8 }
steps:
  - { create: crm, within: 15s, settle: 200ms }
  - { update: crm, set: { Phone: each-edge }, unchanged: [lifecyclestage, hub.city], within: 15s, settle: 200ms }
  - { update: hub, set: { jobtitle: each-edge, city: each-edge }, unchanged: [crm.Phone, crm.Department], within: 15s, settle: 200ms }
  - { delete: crm, within: 15s, settle: 200ms }
`;

/** Carries each field from the side that counts, each change after a time of its own. */
class CarryingSync {
  readonly #seen = new Map<string, string>();
  readonly #due = new Map<string, { readonly text: string; readonly at: number }>();
  readonly #pairs = new Map<string, string>();
  random: () => number = () => 0;

  constructor(private readonly platforms: Pick<TwoPlatforms, 'hubspot' | 'salesforce'>) {
    const { hubspot, salesforce } = platforms;
    const byAddress = new Map([...hubspot.truth().records('contacts')].map(({ key, values }) => [values['email'], key]));
    for (const { key, values } of salesforce.truth().records('Contact')) this.#pairs.set(key, byAddress.get(values['Email']) ?? '');
    // What is the same on both sides already is nothing to carry.
    this.work(true);
  }

  work(isFirst = false): void {
    const { hubspot, salesforce } = this.platforms;
    const [hub, crm] = [hubspot.writeAs(SYNC), salesforce.writeAs(SYNC)];
    const there = new Set<string>();
    for (const { key, values } of salesforce.truth().records('Contact')) {
      there.add(key);
      const made = { lastname: values['LastName'] ?? null, email: values['Email'] ?? null, phone: values['Phone'] ?? null };
      if (!this.#isDue(`crm ${key}`, JSON.stringify(made), isFirst) || isFirst) continue;
      const copy = this.#pairs.get(key);
      if (copy === undefined) this.#pairs.set(key, hub.create('contacts', made));
      else if (hubspot.truth().record('contacts', copy) !== undefined) hub.update('contacts', copy, made);
    }
    for (const [key, copy] of this.#pairs) {
      const values = hubspot.truth().record('contacts', copy);
      if (!there.has(key)) {
        if (values === undefined || this.#isDue(`gone ${key}`, 'gone', isFirst)) {
          if (values !== undefined) hub.remove('contacts', copy);
          this.#pairs.delete(key);
        }
        continue;
      }
      const made = { Title: values?.['jobtitle'] ?? null, MailingCity: values?.['city'] ?? null };
      if (values !== undefined && this.#isDue(`hub ${copy}`, JSON.stringify(made), isFirst) && !isFirst) crm.update('Contact', key, made);
    }
  }

  /** A change is carried once, when its time has come. */
  #isDue(name: string, text: string, isFirst: boolean): boolean {
    if (this.#seen.get(name) === text) return false;
    const known = this.#due.get(name);
    const due = known?.text === text ? known : { text, at: Date.now() + (isFirst ? 0 : this.random() * MOST_LAG_MS) };
    this.#due.set(name, due);
    if (Date.now() < due.at) return false;
    this.#seen.set(name, text);
    return true;
  }
}

async function layWorkspace(dir: string, { hubspot, salesforce }: TwoPlatforms): Promise<void> {
  for (const folder of ['tests', 'mappings']) await mkdir(join(dir, folder));
  const { clientId, clientSecret } = salesforce.connectedApp;
  for (const [name, secret] of Object.entries({ token: hubspot.token, id: clientId, secret: clientSecret }))
    await writeFile(join(dir, name), secret, { mode: 0o600 });
  await writeFile(join(dir, 'mappings', 'people.yml'), MAPPING);
  await writeFile(join(dir, 'tests', 'people.yml'), TEST);
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, account: "${hubspot.account}", url: "${hubspot.url}", credentials: { token: file:token }, objects: [contacts, companies], limits: { requests_per_10s: 10000 }, options: { search_lag: 0s, settle: 0s } }
  crm: { connector: salesforce, environment: sandbox, account: ${salesforce.account}, url: "${salesforce.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [Account, Contact] }
`,
  );
}

it(
  `${RUNS} clean runs on the two platforms of the demo accuse nobody, and leave what was there`,
  async () => {
    const story = await stageTwoPlatforms({ people: 60, firms: 12 });
    const dir = await mkdtemp(join(tmpdir(), 'runback-clean-'));
    const sync = new CarryingSync(story);
    const working = setInterval(() => sync.work(), 20);
    const census = (): readonly string[] => [
      ...[...story.salesforce.truth().records('Contact')].map(({ key, values }) => `${key} ${JSON.stringify(values)}`),
      ...[...story.hubspot.truth().records('contacts')].map(({ key, values }) => `${key} ${JSON.stringify(values)}`),
    ];
    try {
      await layWorkspace(dir, story);
      const before = census();
      const first = seedOf();
      const accused: string[] = [];
      for (let seed = first; seed < first + RUNS; seed += 1) {
        const random = createRandom(seed);
        sync.random = () => random.next();
        const ran = await runHere(['test', 'run', 'people', '--json', '--no-input'], { cwd: dir });
        const { data } = JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '{}') as {
          readonly data?: { readonly checks?: readonly { readonly name: string; readonly passed: boolean; readonly found: string }[] };
        };
        const wrong = data?.checks?.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`) ?? ['no result'];
        if (ran.code !== 0 || wrong.length > 0) accused.push(`seed ${seed}: ${ran.code} ${wrong.join('; ')} ${ran.stderr.slice(0, 500)}`);
        const cleaned = await runHere(['test', 'cleanup', '--wait', '--no-input'], { cwd: dir });
        expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(0);
        expect(census(), `seed ${seed}`).toEqual(before);
      }
      console.log(`${RUNS} runs, ${accused.length} with a false verdict`);
      expect(accused).toEqual([]);
    } finally {
      clearInterval(working);
      await story.stop();
      await rm(dir, { recursive: true, force: true });
    }
  },
  RUNS * 60_000,
);
