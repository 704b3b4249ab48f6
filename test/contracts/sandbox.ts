import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Sandbox, SandboxLink } from '../../src/sandbox/index.js';
import { firstLineOf } from '../support/raw-http.js';
import { automationPromises } from './sandbox/automations.js';
import { type Answer, type ApiCall, ask, control, type SandboxUnderTest, standing } from './sandbox/platform.js';

/**
 * The promises of `src/sandbox/sandbox.ts`, tried from outside. What a user would lose: a rehearsal proves nothing
 * where the sandbox counts, fails or keeps records another way than it says, and an open one hands a practice account
 * to any page in a browser.
 */
export function sandboxContract(name: string, platform: SandboxUnderTest): void {
  describe(`sandbox contract: ${name}`, () => {
    let clock: ReturnType<typeof standing>;
    let sandbox: Sandbox;
    const started: Sandbox[] = [];
    const start = async (more: { readonly host?: string; readonly token?: string } = {}): Promise<Sandbox> => {
      const one = await platform.start({ clock, ...more });
      started.push(one);
      return one;
    };
    beforeEach(async () => {
      clock = standing();
      sandbox = await start();
    });
    afterEach(async () => {
      for (const one of started.splice(0)) await one.stop();
    });
    const call = async ({ method, path, body }: ApiCall, token = sandbox.token): Promise<Answer> =>
      await ask(sandbox.url, { method, path, body }, token);
    const person = { kind: 'person', id: '7' } as const;
    const seeded = (text = 'before'): string => sandbox.writeAs(person).create(platform.object, { ...platform.needs, [platform.text]: text });
    const textOf = (key: string): string | undefined => sandbox.truth().record(platform.object, key)?.[platform.text];

    describe('who is let in', () => {
      test('it is on loopback, names its account, and listens nowhere else', async () => {
        expect(new URL(sandbox.url).hostname).toMatch(/^(127\.0\.0\.1|\[::1\])$/);
        expect(sandbox.account).not.toBe('');
        await expect(platform.start({ clock, host: '0.0.0.0' })).rejects.toThrow(/127\.0\.0\.1/);
      });

      test('no two have the same token or the same port, and a token can be given', async () => {
        const other = await start();
        expect(other.token).not.toBe(sandbox.token);
        expect(other.url).not.toBe(sandbox.url);
        expect((await start({ token: 'given-token' })).token).toBe('given-token');
      });

      test('without its token nothing is told, and no body is waited for', async () => {
        for (const path of [platform.look.path, '/__sandbox/dump']) {
          expect((await call({ ...platform.look, path }, 'another token')).status).toBe(401);
          expect(await raw(sandbox.url, 'POST', path, { 'content-length': '1000000000' })).toMatch(/^HTTP\/1.1 401 /);
        }
      });

      test('other host names and web pages are refused, with the token or without', async () => {
        const { host } = new URL(sandbox.url);
        const authorization = `Bearer ${sandbox.token}`;
        const { method, path } = platform.look;
        expect(await raw(sandbox.url, method, path, { host: 'evil.example', authorization })).toMatch(/^HTTP\/1.1 403 /);
        expect(await raw(sandbox.url, method, path, { host, origin: 'https://evil.example', authorization })).toMatch(/^HTTP\/1.1 403 /);
        expect(await raw(sandbox.url, method, path, { host, authorization })).toMatch(/^HTTP\/1.1 200 /);
      });

      test('a body that is too long is refused, announced or not', async () => {
        const headers = { authorization: `Bearer ${sandbox.token}` };
        expect(await raw(sandbox.url, 'POST', platform.look.path, { ...headers, 'content-length': '20000000' })).toMatch(/^HTTP\/1.1 413 /);
        const chunk = `100000\r\n${'x'.repeat(0x10_0000)}\r\n`;
        const answer = await raw(sandbox.url, 'POST', platform.look.path, { ...headers, 'transfer-encoding': 'chunked' }, chunk.repeat(12));
        expect(answer).toMatch(/^HTTP\/1.1 413 /);
      });

      test('after it was stopped it answers nothing, and stopping again harms nothing', async () => {
        await sandbox.stop();
        await sandbox.stop();
        await expect(call(platform.look)).rejects.toThrow(Error);
      });
    });

    describe('truth and other writers', () => {
      test('what somebody else writes is there at once, and counts as no request', () => {
        const key = seeded();
        expect(textOf(key)).toBe('before');
        sandbox.writeAs({ kind: 'integration', id: '9', label: 'Sync' }).update(platform.object, key, { [platform.text]: 'after' });
        expect(textOf(key)).toBe('after');
        sandbox.writeAs(person).update(platform.object, key, { [platform.text]: null });
        expect(sandbox.truth().record(platform.object, key)).toBeDefined();
        expect(textOf(key)).toBeUndefined();
        expect(sandbox.counts().requests).toBe(0);
      });

      test('what is removed no longer exists, and unknown things are refused', () => {
        const key = seeded();
        sandbox.writeAs(person).remove(platform.object, key);
        expect(sandbox.truth().record(platform.object, key)).toBeUndefined();
        expect([...sandbox.truth().records(platform.object)]).toEqual([]);
        expect(sandbox.truth().record(platform.object, platform.missingKey)).toBeUndefined();
        expect(() => [...sandbox.truth().records('no such thing')]).toThrow(Error);
        expect(() => sandbox.writeAs(person).update(platform.object, platform.missingKey, { [platform.text]: 'x' })).toThrow(Error);
      });

      test('what the API writes is the truth', async () => {
        const key = seeded();
        const { status, body } = await call(platform.set(key, 'by the API'));
        expect(platform.done(status, body)).toBe(true);
        expect(textOf(key)).toBe('by the API');
        expect(sandbox.truth().objects).toContain(platform.object);
        expect([...sandbox.truth().records(platform.object)]).toEqual([{ key, values: sandbox.truth().record(platform.object, key) }]);
      });

      test.skipIf(platform.choice === undefined)(
        'an option that is taken away stays where it is held, and nobody can write it until it is back',
        async () => {
          const { object, text, choice = { field: '', options: ['', ''] } } = platform;
          const setOptions = sandbox.setOptions?.bind(sandbox) ?? expect.unreachable();
          const [first, second, ...more] = choice.options;
          const writer = sandbox.writeAs(person);
          const key = writer.create(object, { ...platform.needs, [choice.field]: first });
          const held = (): string | undefined => sandbox.truth().record(object, key)?.[choice.field];
          setOptions(object, choice.field, [second, ...more, 'renamed']);
          expect(held()).toBe(first);
          const { status, body } = await call(platform.set(key, 'still written'));
          expect(platform.done(status, body)).toBe(true);
          expect([held(), textOf(key)]).toEqual([first, 'still written']);
          expect(() => writer.update(object, key, { [choice.field]: first })).toThrow(Error);
          writer.update(object, key, { [choice.field]: 'renamed' });
          expect(held()).toBe('renamed');
          setOptions(object, choice.field, [first, second, ...more, 'renamed']);
          writer.update(object, key, { [choice.field]: first });
          expect(held()).toBe(first);
          expect(() => setOptions(object, text, [first])).toThrow(Error);
          expect(() => setOptions(object, choice.field, [first, first])).toThrow(Error);
          expect(() => setOptions(object, 'no_such_field', [first])).toThrow(Error);
        },
      );

      test('links are there once, and go with their records', () => {
        const writer = sandbox.writeAs(person);
        const [a, b] = [seeded(), writer.create(platform.linked, { [platform.linkedText]: 'other' })];
        writer.link(platform.object, a, platform.linked, b);
        writer.link(platform.object, a, platform.linked, b);
        const between = ends(sandbox);
        expect(new Set(between).size).toBe(between.length);
        expect(between.length).toBeGreaterThan(0);
        for (const link of sandbox.truth().links()) expect([link.from, link.to].sort()).toEqual([a, b].sort());
        writer.unlink(platform.object, a, platform.linked, b);
        expect(ends(sandbox)).toEqual([]);
        writer.link(platform.object, a, platform.linked, b);
        writer.remove(platform.object, a);
        expect(ends(sandbox)).toEqual([]);
      });

      test('an account that was written down and loaded elsewhere is the same, and what is no account replaces nothing', async () => {
        const writer = sandbox.writeAs(person);
        const [a, b] = [seeded(), writer.create(platform.linked, { [platform.linkedText]: 'other' })];
        writer.link(platform.object, a, platform.linked, b);
        const dump: unknown = JSON.parse(JSON.stringify(sandbox.dump()));
        const other = await start();
        other.load(dump);
        expect(all(other)).toEqual(all(sandbox));
        expect(() => other.load({ version: 99 })).toThrow(Error);
        expect(all(other)).toEqual(all(sandbox));
        const key = other.writeAs(person).create(platform.object, { ...platform.needs, [platform.text]: 'new' });
        expect([a, b]).not.toContain(key);
      });
    });

    automationPromises(platform, () => ({ sandbox, clock, start, call }));

    describe('counts and limits', () => {
      test('requests are counted, by endpoint and status, and writes by record', async () => {
        const key = seeded();
        sandbox.resetCounts();
        await call(platform.look);
        await call(platform.set(key, 'one'));
        await call(platform.set(key, 'two'));
        await call(platform.look, 'another token');
        const counts = sandbox.counts();
        expect(counts.requests).toBe(4);
        expect(counts.byStatus['401']).toBe(1);
        expect(Object.values(counts.byEndpoint).reduce((sum, one) => sum + one, 0)).toBe(4);
        expect(counts.writesPerRecord).toEqual({ [`${platform.object}/${key}`]: 2 });
        expect((await control(sandbox, 'GET', 'counts')).body).toEqual(JSON.parse(JSON.stringify(counts)));
        sandbox.resetCounts();
        expect(sandbox.counts()).toMatchObject({ requests: 0, limited: 0, writesPerRecord: {} });
      });

      test('a limit refuses what is too fast, says so in the counts, and lets in again after a while', async () => {
        for (let i = 0; i < platform.most; i += 1) expect((await call(platform.look)).status).toBe(200);
        expect((await call(platform.look)).status).toBe(platform.refusal?.status ?? 429);
        expect(sandbox.counts().limited).toBe(1);
        // Neither the control routes nor the truth wait for it.
        expect((await control(sandbox, 'GET', 'counts')).status).toBe(200);
        clock.move(platform.againMs);
        expect((await call(platform.look)).status).toBe(200);
      });
    });

    describe('faults', () => {
      const setIn = async (key: string): Promise<boolean> => {
        const { status, body } = await call(platform.set(key, 'after'));
        return platform.done(status, body);
      };
      const fails = async (
        fault: Parameters<Sandbox['faults']['add']>[0],
      ): Promise<{ readonly key: string; readonly answer: Answer | undefined }> => {
        const key = seeded();
        sandbox.faults.add(fault);
        return { key, answer: await call(platform.set(key, 'after')).catch(() => undefined) };
      };

      test('a lost answer is one of a request that was applied', async () => {
        const { key, answer } = await fails({ kind: 'drop-answer' });
        expect(answer).toBeUndefined();
        expect(textOf(key)).toBe('after');
      });

      test('a lost request is not applied', async () => {
        const { key, answer } = await fails({ kind: 'drop-request' });
        expect(answer).toBeUndefined();
        expect(textOf(key)).toBe('before');
      });

      test('an answer that is cut or no JSON is one of a request that was applied', async () => {
        const cut = await fails({ kind: 'cut-body' });
        expect(cut.answer).toBeUndefined();
        expect(textOf(cut.key)).toBe('after');
        const nonsense = await fails({ kind: 'nonsense' });
        expect(nonsense.answer?.status).toBeLessThan(300);
        expect(nonsense.answer?.body).toBe('no JSON');
        expect(textOf(nonsense.key)).toBe('after');
      });

      test('trouble of the server comes before or after what was asked is done', async () => {
        const before = await fails({ kind: 'server-error' });
        expect(before.answer?.status).toBe(500);
        expect(textOf(before.key)).toBe('before');
        const after = await fails({ kind: 'server-error', status: 503, applied: true });
        expect(after.answer?.status).toBe(503);
        expect(textOf(after.key)).toBe('after');
      });

      test('a refusal as too fast applies nothing, and is no limit that was exceeded', async () => {
        const { key, answer } = await fails({ kind: 'rate-limit', retryAfterSeconds: 7 });
        expect(answer?.status).toBe(platform.refusal?.status ?? 429);
        expect(answer?.retryAfter).not.toBeNull();
        expect(textOf(key)).toBe('before');
        expect(sandbox.counts().limited).toBe(0);
      });

      test('an answer that is partial leaves records out of a read of many, and of nothing else', async () => {
        const keys = [seeded(), seeded('other')];
        sandbox.faults.add({ kind: 'partial' });
        const first = keys[0] ?? '';
        expect(await setIn(first)).toBe(true);
        expect(platform.held((await call(platform.readMany(keys))).body)).toBe(1);
        expect(platform.held((await call(platform.readMany(keys))).body)).toBe(2);
      });

      test('credentials that are refused, or may only read, apply nothing', async () => {
        const refused = await fails({ kind: 'unauthorized' });
        expect(refused.answer?.status).toBe(401);
        expect(textOf(refused.key)).toBe('before');
        const readOnly = await fails({ kind: 'forbidden', times: null });
        expect(readOnly.answer?.status).toBe(403);
        expect(textOf(readOnly.key)).toBe('before');
        expect(platform.held((await call(platform.readMany([readOnly.key]))).body)).toBe(1);
      });

      test('a delay passes on the clock of the sandbox', async () => {
        const at = sandbox.now().getTime();
        const { key } = await fails({ kind: 'delay', ms: 5000 });
        expect(sandbox.now().getTime() - at).toBe(5000);
        expect(textOf(key)).toBe('after');
      });

      test('a fault strikes where, after and as often as it says, and can be taken away', async () => {
        const { method, path } = platform.look;
        const id = sandbox.faults.add({ kind: 'server-error', method, path, after: 1, times: 2 });
        const key = seeded();
        expect((await call(platform.set(key, 'x'))).status).not.toBe(500);
        const statuses = [];
        for (let i = 0; i < 4; i += 1) statuses.push((await call(platform.look)).status);
        expect(statuses).toEqual([200, 500, 500, 200]);
        expect(sandbox.faults.list()).toMatchObject([{ id, matched: 4, struck: 2 }]);
        expect([sandbox.faults.remove(id), sandbox.faults.remove(id)]).toEqual([true, false]);
        sandbox.faults.add({ kind: 'server-error', times: null });
        expect([(await call(platform.look)).status, (await call(platform.look)).status]).toEqual([500, 500]);
        sandbox.faults.clear();
        expect((await call(platform.look)).status).toBe(200);
      });

      test('another process switches faults on and off with the token', async () => {
        const { body } = await control(sandbox, 'POST', 'faults', { kind: 'server-error', status: 503 });
        expect((await call(platform.look)).status).toBe(503);
        expect(await control(sandbox, 'DELETE', `faults/${(body as { id: string }).id}`)).toMatchObject({ body: { removed: true } });
        expect((await control(sandbox, 'POST', 'faults', { kind: 'no such fault' })).status).toBe(400);
        expect((await control(sandbox, 'GET', 'no-such-thing')).status).toBe(404);
        const dump = await control(sandbox, 'GET', 'dump');
        expect((await control(sandbox, 'PUT', 'dump', dump.body)).status).toBe(204);
      });
    });
  });
}

/** Sends a request as it is, and gives the first line of the answer. */
async function raw(url: string, method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): Promise<string> {
  const lines = Object.entries({ host: new URL(url).host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return await firstLineOf(url, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

function all(sandbox: Sandbox): unknown {
  const truth = sandbox.truth();
  return { records: truth.objects.map((object) => [object, [...truth.records(object)]]), links: ends(sandbox) };
}

function ends(sandbox: Sandbox): string[] {
  const name = ({ kind, fromObject, from, toObject, to }: SandboxLink): string => `${fromObject}/${from} ${kind} ${toObject}/${to}`;
  return [...sandbox.truth().links()].map(name).sort();
}
