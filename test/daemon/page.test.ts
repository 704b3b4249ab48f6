import { stat } from 'node:fs/promises';
import { request } from 'node:http';

import { describe, expect, it } from 'vitest';

import { ackToken, acknowledge, resolve } from '../../src/incidents/index.js';
import { parseScrape } from '../support/prometheus.js';
import { ackPath, makeWorld, until, type World } from './world.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with exactly these headers, as no browser would let a test send it. */
async function ask(
  url: string,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
) {
  return await new Promise<Answer>((done, failed) => {
    const { method = 'GET', headers = {}, body = '' } = options;
    const form: Record<string, string> =
      body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
    const sent = request(new URL(url), { path, method, headers: { ...form, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', failed).end(body);
  });
}

/** An open incident whose pages were sent, a page by its addressee, and the status page. */
async function paged(): Promise<{ world: World; url: string; id: string; path: (to: string) => string }> {
  const world = await makeWorld();
  const { id } = await world.open('Wrong first names');
  const url = await world.start().url;
  await until(async () => (await world.incidents.read(id)).pages.every(({ state }) => state === 'accepted'));
  return { world, url, id, path: (to) => ackPath(world, id, to) };
}

describe('the acknowledge link', () => {
  it('only asks when it is opened, however often and by whatever reads it; the form acknowledges as the person it was sent to', async () => {
    const { world, url, id, path } = await paged();
    for (const method of ['GET', 'HEAD', 'GET']) expect((await ask(url, path('maya'), { method })).status).toBe(200);
    expect((await world.incidents.read(id)).status).toBe('open');
    expect((await ask(url, path('maya'))).body).toMatch(/<form method="post">[^]*Acknowledge<\/button>/u);
    const posted = await ask(url, path('maya'), { method: 'POST', headers: { 'sec-fetch-site': 'same-origin', origin: 'null' } });
    expect(posted.status).toBe(303);
    const after = await ask(url, new URL(String(posted.headers['location']), new URL(path('maya'), url)).pathname);
    expect(after.body).toContain('acknowledged it.</strong> Nobody else is paged');
    expect(after.body).not.toContain('<form');
    const incident = await world.incidents.read(id);
    expect(incident).toMatchObject({ status: 'acknowledged', holder: { person: 'maya' } });
    expect(incident.timeline.find(({ type }) => type === 'incident.acknowledged')).toMatchObject({ by: 'maya', source: 'link' });
  });

  it('is friendly the second time, and changes nothing then', async () => {
    const { world, url, id, path } = await paged();
    for (const _ of [1, 2, 3]) expect((await ask(url, path('maya'), { method: 'POST' })).status).toBe(303);
    expect((await world.incidents.read(id)).timeline.filter(({ type }) => type === 'incident.acknowledged')).toHaveLength(1);
    await resolve(world.incidents, id, 'Undone', { by: 'maya', source: 'cli' });
    expect((await ask(url, path('maya'))).body).toContain('This incident has ended');
    expect((await ask(url, path('maya'), { method: 'POST' })).status).toBe(303);
    expect((await world.incidents.read(id)).status).toBe('resolved');
  });

  it('takes no form of another site, whichever way the browser says so', async () => {
    const { world, url, id, path } = await paged();
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ] as const)
      expect((await ask(url, path('maya'), { method: 'POST', headers })).status).toBe(403);
    expect((await world.incidents.read(id)).status).toBe('open');
    expect((await ask(url, path('maya'), { method: 'POST', headers: { origin: url } })).status).toBe(303);
  });

  it('says nothing about a wrong word, a word of another page, or a page that does not exist', async () => {
    const { world, url, id, path } = await paged();
    const token = await ackToken(world.store);
    const [, , key = '', word = ''] = path('maya').split('/');
    const wrong = [
      `/ack/${key}/${word.slice(0, -1)}`,
      `/ack/${key}/${'A'.repeat(word.length)}`,
      `/ack/${key}/${path('ops').split('/')[3] ?? ''}`,
      `/ack/${id}.9.9.9.9/${token(`${id}.9.9.9.9`)}`,
      `/ack/inc-nowhere.1/${token('inc-nowhere.1')}`,
      `/ack/..%2f..%2fx/${token('../../x')}`,
    ];
    const bodies = new Set<string>();
    for (const path of wrong)
      for (const method of ['GET', 'POST']) {
        const { status, body } = await ask(url, path, { method });
        expect(status, path).toBe(404);
        bodies.add(body.replaceAll(/href="[^"]*"/gu, ''));
      }
    expect(bodies.size).toBe(1);
    expect((await world.incidents.read(id)).status).toBe('open');
  });

  it('ends after a week', async () => {
    const { world, url, path } = await paged();
    world.clock.forward(6 * 86_400_000);
    expect((await ask(url, path('maya'))).status).toBe(200);
    world.clock.forward(2 * 86_400_000);
    expect((await ask(url, path('maya'))).status).toBe(404);
  });

  it('of a page to a channel asks who it is, and takes people of the policy only', async () => {
    const { world, url, id, path } = await paged();
    expect((await ask(url, path('ops'))).body).toMatch(/Who are you\?[^]*<option value="maya">Maya Ortiz<\/option>[^]*Lee &lt;b&gt;Park&lt;\/b&gt;/u);
    for (const body of ['', 'person=', 'person=mallory', 'person=__proto__'])
      expect((await ask(url, path('ops'), { method: 'POST', body })).status, body).toBe(422);
    expect((await world.incidents.read(id)).status).toBe('open');
    expect((await ask(url, path('ops'), { method: 'POST', body: 'person=lee' })).status).toBe(303);
    expect((await world.incidents.read(id)).holder?.person).toBe('lee');
    // Somebody else may take it over, by saying so.
    expect((await ask(url, path('maya'))).body).toContain('Take over');
    await ask(url, path('maya'), { method: 'POST' });
    expect((await world.incidents.read(id)).holder?.person).toBe('maya');
  });

  it('rests on a secret that only its owner can read, the same in every process', async () => {
    const { store, dir } = await makeWorld();
    const [one, two] = await Promise.all([ackToken(store), ackToken(store)]);
    expect(one('a')).toBe(two('a'));
    expect(one('a')).not.toBe(one('b'));
    expect((await stat(`${dir}/documents/daemon-secrets/acknowledge.json`)).mode & 0o777).toBe(0o600);
  });
});

describe('the status page', () => {
  it('shows what is on fire, who has it, what is paused, what waits, and whether escalation works', async () => {
    const world = await makeWorld();
    const { id } = await world.open('Wrong first names');
    const at = world.clock.now().toISOString();
    const url = await world.start({
      runs: async () => [
        { id: 'run-1', title: 'Undo a mass overwrite', state: 'waiting', by: 'sam', startedAt: at, waitingFor: 'Look at ten changes' },
      ],
      pauses: async () => [{ id: 'pause-1', by: 'sam', reason: 'wrong names', at, syncs: ['crm-to-marketing'] }],
    }).url;
    await until(async () => (await ask(url, '/')).body.includes('Escalation works.'));
    world.clock.forward(90_000);
    const { body, headers } = await ask(url, '/');
    for (const text of [
      '1 open incident: not acknowledged',
      'Not acknowledged.',
      'corrupted or lost',
      'crm-to-marketing',
      'runback sync resume pause-1',
      'Look at ten changes',
      'The next contact is paged',
    ])
      expect(body).toContain(text);
    expect(body).toMatch(/ago \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)/u);
    expect(headers['refresh']).toBe('30');
    expect((await ask(url, '/?refresh=off')).headers['refresh']).toBeUndefined();
    await acknowledge(world.incidents, id, { by: 'maya', source: 'cli' });
    await until(async () => (await ask(url, '/')).body.includes('Acknowledged by <bdi>Maya Ortiz</bdi>'));
  });

  it('shows one incident with its timeline, deliveries and grants, and nobody a secret word', async () => {
    const { url, id, path } = await paged();
    const { body, status } = await ask(url, `/incidents/${id}`);
    expect(status).toBe(200);
    for (const text of ['Opened as sev1', 'accepted by the service', 'Maya Ortiz (email)', 'may pause-syncs, plan', `runback incident ack ${id}`])
      expect(body).toContain(text);
    expect(body + (await ask(url, '/')).body).not.toContain(path('maya').split('/')[3]);
    for (const nowhere of ['/incidents/inc-nowhere', '/incidents/..%2f..%2fetc', '/nothing'])
      expect((await ask(url, nowhere)).status, nowhere).toBe(404);
  });

  it('escapes whatever comes from outside', async () => {
    const world = await makeWorld();
    const hostile = `</title><script>alert(1)</script><img src=x onerror=alert(1)> "' \u202e`;
    const { id } = await world.open(hostile);
    world.outbox.end = () => 'permanent';
    const url = await world.start({
      runs: async () => [{ id: 'run-1', title: hostile, state: 'waiting', by: hostile, startedAt: hostile, waitingFor: hostile }],
      pauses: async () => [{ id: hostile, by: hostile, reason: hostile, at: hostile, syncs: [hostile] }],
    }).url;
    await until(() => world.outbox.letters.length > 1);
    for (const path of ['/', `/incidents/${id}`]) {
      const { body } = await ask(url, path);
      expect(body).toContain('&lt;script&gt;');
      expect(body).not.toMatch(/<script|<img|onerror=alert\(1\)>/u);
    }
    expect((await ask(url, '/')).body).toContain('No such &lt;mailbox&gt;');
  });

  it('is for this machine under its own names only, and lets nothing be loaded or framed', async () => {
    const world = await makeWorld();
    await expect(world.start({ http: { port: 0, host: '0.0.0.0' } }).ended).rejects.toMatchObject({ code: 'usage' });
    let url = '';
    world.start({ http: { port: 0, publicUrl: 'https://runback.example.com/x', listening: (at) => (url = at) } });
    await until(() => url !== '');
    const { port } = new URL(url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1.evil.example:${port}`])
      for (const path of ['/', '/healthz', '/metrics']) expect((await ask(url, path, { headers: { host } })).status, host).toBe(403);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'runback.example.com']) {
      const { status, headers } = await ask(url, '/', { headers: { host } });
      expect(status, host).toBe(200);
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/u,
      );
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
    }
  });

  it('says plainly that nobody is paged where there is no policy', async () => {
    const world = await makeWorld({ policy: false });
    const { id } = await world.open('No policy');
    const url = await world.start().url;
    expect((await ask(url, '/')).body).toContain('There is no escalation.yml, so nobody is paged.');
    expect((await ask(url, `/incidents/${id}`)).body).toContain('Nothing happens automatically');
  });

  it('reads 200 incidents at most and counts the rest', async () => {
    const world = await makeWorld({ policy: false });
    const open = (n: number) => world.open(`Number ${n}.`, n === 202 ? 'sev1' : 'sev4');
    await open(0);
    world.clock.forward(1000);
    for (let from = 1; from < 203; from += 20) await Promise.all(Array.from({ length: Math.min(20, 203 - from) }, (_, at) => open(from + at)));
    const url = await world.start().url;
    const { body } = await ask(url, '/');
    expect(body).toContain('203 open incidents');
    expect(body).toContain('And 3 more incidents');
    expect(body.indexOf('Number 202.')).toBeLessThan(body.indexOf('Number 0.'));
    expect((await ask(url, '/metrics')).body).toContain('runback_incidents{severity="sev4",status="not_read"} 3\n');
  });
});

describe('what programs ask', () => {
  it('/healthz says whether what is due gets done', async () => {
    const world = await makeWorld();
    const url = await world.start({ tickers: [{ name: 'backups', tick: () => Promise.reject(new Error('broken')) }] }).url;
    await until(() => world.outbox.ticks > 1);
    expect(JSON.parse((await ask(url, '/healthz')).body)).toMatchObject({ ok: true, failing: ['backups: broken'] });
    world.clock.forward(61_000);
    const { status, body } = await ask(url, '/healthz');
    expect([status, JSON.parse(body)]).toMatchObject([503, { ok: false }]);
  });

  it('/metrics is text that Prometheus can read', async () => {
    const world = await makeWorld();
    await world.open('One');
    const url = await world.start({ ping: { url: 'http://127.0.0.1:1024/' } }).url;
    await until(async () => (await ask(url, '/metrics')).body.includes('runback_pages{state="accepted"} 2'));
    world.clock.forward(90_000);
    const { body, headers } = await ask(url, '/metrics');
    expect(headers['content-type']).toContain('version=0.0.4');
    const samples = new Map(
      parseScrape(body).map(({ name, labels, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
        return [`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`}`, value];
      }),
    );
    expect(samples.get('runback_incidents{severity="sev1",status="open"}')).toBe(1);
    expect(samples.get('runback_oldest_unacknowledged_seconds')).toBeGreaterThan(89);
    expect(samples.get('runback_ticks_total{ticker="incidents"}')).toBeGreaterThan(0);
    expect(samples.get('runback_dead_letters')).toBe(0);
    expect(samples.has('runback_pings_total{result="withheld"}')).toBe(true);
  });
});
