import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import { checked, type Connector } from '../../../src/connectors/index.js';
import { openConnector } from '../../../src/connectors/rest/index.js';
import { connectorContract } from '../../contracts/connector.js';
import { openLine } from '../../support/line.js';
import { ZoomStub } from '../../webinars/zoom.js';
import { SharedClock } from '../hubspot-support.js';
import { all, refTo, schemaOf } from './support.js';

const FOLDER = fileURLToPath(new URL('../../../docs/descriptions/', import.meta.url));

async function connect(url: string, token: string, clock: SharedClock): Promise<Connector> {
  return await openConnector(
    {
      name: 'webinar',
      connector: 'rest',
      environment: 'sandbox',
      url,
      credentials: { token: refTo('TOKEN') },
      limits: { requests_per_10s: 1000 },
      options: { description: 'zoom-webinars.yml' },
    },
    { secret: async () => await Promise.resolve(token), clock, environment: {}, folder: FOLDER },
  );
}

const TEXTS = ['email', 'first_name', 'last_name', 'org', 'job_title', 'city', 'country', 'phone', 'comments'];

connectorContract(
  'a described platform: Zoom Webinars, by a stub written from its documents',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'none', lines: false, changes: false, updates: false },
  async () => {
    const clock = new SharedClock(Date.now());
    const zoom = await new ZoomStub({ clock }).start();
    const line = await openLine(Number(new URL(zoom.url).port));
    let count = 0;
    const needs = (n: number): Readonly<Record<string, string>> => ({ email: `needed${n}@example.com`, first_name: 'Ada' });
    return {
      now: () => clock.now(),
      open: async () => await connect(`http://127.0.0.1:${String(line.port)}`, zoom.token, clock),
      object: 'registrants',
      text: 'city',
      other: 'org',
      missingKey: 'aaaaaaaaaaaaaaaaaaaaaa',
      unusedKey: (n: number) => `aaaaaaaaaaaaaaaaaaa${String(n).padStart(3, '0')}`,
      emptyReads: null,
      page: 300,
      needs,
      seed: async (fields) => {
        count += 1;
        const given = Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
        return await Promise.resolve(zoom.register({ email: `seeded${count}@example.com`, first_name: 'Bo', ...given }));
      },
      edit: async (key, fields) => {
        clock.advance(1000);
        const registrant = zoom.registrants.get(key);
        const given = Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
        if (registrant !== undefined) registrant.values = { ...registrant.values, ...given };
        return await Promise.resolve();
      },
      remove: async (key) => {
        zoom.registrants.delete(key);
        return await Promise.resolve();
      },
      truth: async (key) => {
        const values = zoom.registrants.get(key)?.values;
        return await Promise.resolve(values && { ...Object.fromEntries(TEXTS.map((name) => [name, null])), ...values });
      },
      faults: {
        dropNextAnswer: async () => await Promise.resolve(void (zoom.dropAnswerOf = 'POST')),
        cutOff: async () => await line.cut(),
        heal: async () => {
          zoom.dropAnswerOf = undefined;
          zoom.silent = false;
          await line.mend();
        },
      },
      stop: async () => {
        await line.cut();
        await zoom.stop();
      },
    };
  },
);

describe('Zoom Webinars, as its documents say', () => {
  const opened: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.stop();
  });
  async function bench(perSecond?: number) {
    const clock = new SharedClock(Date.parse('2026-11-30T09:00:00Z'));
    const zoom = await new ZoomStub({ clock, ...(perSecond !== undefined && { perSecond }) }).start();
    const connector = checked(await connect(zoom.url, zoom.token, clock));
    opened.push(zoom, { stop: async () => await connector.close() });
    return { clock, zoom, connector, registrants: await schemaOf(connector, 'registrants'), attendance: await schemaOf(connector, 'attendance') };
  }

  it('pages of 300 are followed by their tokens, and only those who are approved are in the list', async () => {
    const { zoom, connector, registrants } = await bench();
    for (let n = 0; n < 650; n += 1) zoom.register({ email: `p${n}@example.com`, first_name: 'Ada' });
    const [first] = zoom.registrants.values();
    if (first !== undefined) first.status = 'denied';
    expect(await all(connector.read({ schema: registrants }))).toHaveLength(649);
    expect(zoom.requests.filter((request) => request.startsWith('GET /v2/webinars/'))).toHaveLength(3);
  });

  it('who registers again gets the same registration; the fourth time in a day is refused, and not waited for', async () => {
    const { connector, registrants, zoom } = await bench();
    const create = async (city: string) =>
      await connector.write([{ action: 'create', schema: registrants, key: '0', set: { email: 'ada@example.com', first_name: 'Ada', city } }]);
    const [[first], [second]] = [await create('Here'), await create('There')];
    expect(first).toMatchObject({ status: 'applied' });
    // The id in the answer is that of the webinar: the key is another one.
    expect(first?.status === 'applied' && zoom.registrants.has(first.key)).toBe(true);
    expect(second).toEqual(first);
    await create('Elsewhere');
    // The answer does not tell this limit from the others: it is waited for, and then nothing was written.
    await expect(create('Nowhere')).rejects.toMatchObject({ code: expect.stringMatching(/^platform-/u) as string });
    expect(zoom.registrants.size).toBe(1);
  });

  it('is slower where it is told to be, and gets everything', async () => {
    const { zoom, connector, registrants } = await bench(5);
    for (let n = 0; n < 40; n += 1) zoom.register({ email: `p${n}@example.com`, first_name: 'Ada' });
    const keys = [...zoom.registrants.keys()];
    expect(await all(connector.read({ schema: registrants, keys }))).toHaveLength(40);
    expect(connector.usage().limited).toBeGreaterThan(0);
  });

  it('who was there is told some time after the end, each coming on its own, and can be changed by nobody', async () => {
    const { zoom, connector, attendance, clock } = await bench();
    zoom.register({ email: 'ada@example.com', first_name: 'Ada' });
    zoom.join('ada@example.com', 20);
    zoom.join('ada@example.com', 5);
    expect(await all(connector.read({ schema: attendance }))).toEqual([]);
    zoom.end();
    expect(await all(connector.read({ schema: attendance }))).toEqual([]);
    clock.advance(60_000);
    const there = await all(connector.read({ schema: attendance }));
    expect(there.map(({ meta }) => meta['duration'])).toEqual([1200, 300]);
    const [one] = there;
    if (one === undefined) throw new Error('nobody was there');
    expect(await all(connector.read({ schema: attendance, keys: [one.key, '99'] }))).toEqual([one]);
    const [refused] = await connector.write([{ action: 'delete', schema: attendance, key: one.key, expect: {} }]);
    expect(refused).toMatchObject({ status: 'rejected' });
  });

  it('passes the probe', async () => {
    const { zoom, connector } = await bench();
    zoom.register({ email: 'ada@example.com', first_name: 'Ada' });
    const probes = [];
    for await (const probe of connector.probe?.(undefined) ?? []) probes.push(probe);
    expect(probes.filter(({ ok }) => !ok)).toEqual([]);
    expect(probes.length).toBeGreaterThan(3);
  });
});
