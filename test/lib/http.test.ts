import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Worker } from 'node:worker_threads';

import { afterEach, describe, expect, it } from 'vitest';

import { type Clock, HttpClient, type HttpOptions, type HttpRequest, RollingWindow, type Wait } from '../../src/lib/index.js';

/** Time that only passes in sleeps, so that waits cost nothing. */
class QuickClock implements Clock {
  ms = 0;
  now(): Date {
    return new Date(this.ms);
  }
  monotonicMs(): number {
    return this.ms;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal?.throwIfAborted();
    this.ms += ms;
  }
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
const hangUp: Answer = (request) => request.socket.destroy();
const notJson: Answer = (_request, response) => response.end('<html>');
const cutBody: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"half":', () => response.destroy());
};

let servers: Server[] = [];
let clients: HttpClient[] = [];
afterEach(async () => {
  for (const client of clients) await client.close();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers = [];
  clients = [];
});

/** A server that gives these answers one after the other, the last one again and again; counts what came. */
async function serve(...answers: readonly Answer[]): Promise<{ readonly origin: string; readonly came: string[]; readonly server: Server }> {
  const came: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const answer = answers[Math.min(came.length, answers.length - 1)];
      came.push(`${request.method ?? ''} ${request.url ?? ''} ${Buffer.concat(parts).toString()}`.trim());
      answer?.(request, response, '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const address = server.address();
  return { origin: `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`, came, server };
}

function client(origin: string, options: Partial<HttpOptions> = {}): HttpClient {
  const made = new HttpClient({
    origin,
    name: 'Acme',
    headers: { authorization: 'Bearer s3cret' },
    clock: new QuickClock(),
    environment: {},
    random: () => 0.5,
    ...options,
  });
  clients.push(made);
  return made;
}

const read: HttpRequest = { method: 'GET', path: '/things?x=1', repeatable: true };
const write: HttpRequest = { method: 'POST', path: '/things', body: { a: 1 }, repeatable: false };

describe('one request', () => {
  it('sends JSON and gives status, headers and body', async () => {
    const { origin, came } = await serve(json(200, { ok: true }, { 'X-Left': '7' }));
    expect(await client(origin).request(write)).toMatchObject({ kind: 'answered', status: 200, body: { ok: true }, headers: { 'x-left': '7' } });
    expect(came).toEqual(['POST /things {"a":1}']);
  });

  it('gives a refusal as an answer, at once', async () => {
    const { origin, came } = await serve(json(400, { message: 'no' }));
    expect(await client(origin).request(read)).toMatchObject({ kind: 'answered', status: 400, body: { message: 'no' } });
    expect(came).toHaveLength(1);
  });
});

describe('what is never done twice', () => {
  it.each([
    ['a cut connection', hangUp],
    ['a body that is cut', cutBody],
    ['a body that is not JSON', notJson],
    ['a redirect', json(302, {}, { location: '/elsewhere' })],
  ])('a write after %s is lost, and was sent once', async (_what, answer) => {
    const { origin, came } = await serve(answer);
    expect(await client(origin).request(write)).toMatchObject({ kind: 'lost' });
    expect(came).toHaveLength(1);
  });

  it('a write answered with 500 is not sent again either: it may have happened', async () => {
    const { origin, came } = await serve(json(500, {}));
    expect(await client(origin).request(write)).toMatchObject({ kind: 'answered', status: 500 });
    expect(came).toHaveLength(1);
  });

  it('a write that takes too long is lost', async () => {
    const { origin, came } = await serve(() => undefined);
    expect(await client(origin, { tryTimeoutMs: 50 }).request(write)).toMatchObject({
      kind: 'lost',
      message: expect.stringContaining('0.05 s') as string,
    });
    // A slow machine may not even have let it arrive.
    expect(came.length).toBeLessThanOrEqual(1);
  });

  it('an answer that is there goes before a time limit that this process notices late', async () => {
    const flags = new Int32Array(new SharedArrayBuffer(12));
    const [arrived, wanted, answered] = [0, 1, 2];
    const elsewhere = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
      const server = require('node:http').createServer((request, response) => {
        Atomics.store(workerData, 0, 1);
        Atomics.wait(workerData, 1, 0);
        response.on('finish', () => Atomics.store(workerData, 2, 1)).writeHead(201, { 'content-type': 'application/json' }).end('{"id":1}');
      });
      server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
      { eval: true, workerData: flags },
    );
    const [port] = (await once(elsewhere, 'message')) as [number];
    const limitMs = 2000;
    const written = client(`http://127.0.0.1:${port}`, { tryTimeoutMs: limitMs }).request(write);
    while (Atomics.load(flags, arrived) === 0) await new Promise((resolve) => setImmediate(resolve));
    const before = performance.now();
    // A busy machine: nothing of ours runs until both have come.
    Atomics.store(flags, wanted, 1);
    Atomics.notify(flags, wanted);
    while (Atomics.load(flags, answered) === 0 || performance.now() < before + limitMs);
    expect(await written).toMatchObject({ kind: 'answered', status: 201 });
    await elsewhere.terminate();
  });

  it('a write under way is not cut off by an abort: what became of it is told', async () => {
    const stop = new AbortController();
    const { origin } = await serve((request, response, body) => {
      stop.abort();
      setImmediate(() => json(201, { id: 1 })(request, response, body));
    });
    expect(await client(origin).request(write, { signal: stop.signal })).toMatchObject({ kind: 'answered', status: 201 });
  });
});

describe('what is tried again', () => {
  it('a read, through cut connections, nonsense and trouble', async () => {
    const { origin } = await serve(hangUp, (_request, response) => response.end('oops'), json(503, {}), json(200, { at: 'last' }));
    const http = client(origin);
    expect(await http.request(read)).toMatchObject({ status: 200, body: { at: 'last' } });
    expect(http.counts).toEqual({ requests: 4, retries: 3, limited: 0 });
  });

  it('anything after a 429, as long as it asks for, visibly', async () => {
    const { origin, came } = await serve(json(429, {}, { 'retry-after': '3' }), json(201, {}));
    const clock = new QuickClock();
    const waits: Wait[] = [];
    const reporter = { progress: () => undefined, note: () => undefined, waiting: (wait: Wait) => void waits.push(wait) };
    expect(await client(origin, { clock }).request(write, { reporter })).toMatchObject({ status: 201 });
    expect(clock.ms).toBe(3000);
    expect(waits).toEqual([{ reason: 'Acme is rate-limiting us; trying again', ms: 3000 }]);
    expect(came).toHaveLength(2);
  });

  it('not for ever: the wait is limited, and the last answer is given', async () => {
    const { origin } = await serve(json(429, {}, { 'retry-after': '60' }));
    const clock = new QuickClock();
    expect(await client(origin, { clock, maxWaitMs: 150_000 }).request(write)).toMatchObject({ status: 429 });
    expect(clock.ms).toBe(120_000);
  });

  it('a write that never left, since nothing can have happened', async () => {
    const { origin, server } = await serve(json(200, {}));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    servers = [];
    const http = client(origin, { maxTries: 3 });
    expect(await http.request(write)).toMatchObject({ kind: 'not_sent', message: expect.stringContaining('Acme cannot be reached') as string });
    expect(http.counts.requests).toBe(3);
  });
});

describe('bounds', () => {
  it('does not read a body without end', async () => {
    const { origin } = await serve((_request, response) => response.end(`"${'x'.repeat(5000)}"`));
    expect(await client(origin, { maxBodyBytes: 1000, maxTries: 1 }).request(read)).toMatchObject({
      kind: 'lost',
      message: expect.stringContaining('larger than 1000 bytes') as string,
    });
  });

  it('stops between tries when told to', async () => {
    const stop = new AbortController();
    const { origin, came } = await serve((request, response, body) => {
      stop.abort(new Error('stopped by Ctrl-C'));
      json(503, {})(request, response, body);
    });
    await expect(client(origin).request(read, { signal: stop.signal })).rejects.toThrow('stopped by Ctrl-C');
    expect(came).toHaveLength(1);
  });

  it('keeps secrets out of messages', async () => {
    const http = client('http://127.0.0.1:9', { maxTries: 1, redact: (text) => text.replaceAll(/\d+/g, '#') });
    const outcome = await http.request(write);
    expect(outcome.kind).toBe('not_sent');
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });
});

describe('a rolling window', () => {
  it('never lets more through in any interval than the limit, counted from the answers', () => {
    const clock = new QuickClock();
    const window = new RollingWindow(3, 1000, clock);
    const sent: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      for (let wait = window.take(); wait !== undefined; wait = window.take()) clock.ms += wait;
      sent.push(clock.ms);
      clock.ms += 37;
      window.end();
    }
    for (const start of sent) expect(sent.filter((at) => at >= start && at < start + 1000).length).toBeLessThanOrEqual(3);
    expect(sent.at(-1)).toBeLessThanOrEqual(1.15 * (20 / 3) * 1000);
  });

  it('waits for an answer where all places are under way, and for others where they take their share', () => {
    const clock = new QuickClock();
    const window = new RollingWindow(2, 1000, clock);
    expect([window.take(), window.take(), window.take()]).toEqual([undefined, undefined, 0]);
    window.end();
    window.learn(10, 1000, 0);
    expect(window.limit).toBe(10);
    // Eight of ten places belong to others for now, two are ours.
    expect(window.take()).toBeDefined();
    clock.ms += 1100;
    expect(window.take()).toBeUndefined();
  });

  it('takes no more than others leave where many go at once and answers tell of too few of the others', () => {
    const window = new RollingWindow(20, 1000, new QuickClock());
    expect(window.take()).toBeUndefined();
    window.end();
    // Ten of others and one of ours.
    window.learn(20, 1000, 9);
    for (let n = 0; n < 9; n += 1) expect(window.take()).toBeUndefined();
    // The first of nine is answered before any other has arrived.
    window.end();
    window.learn(20, 1000, 8);
    expect(window.take()).toBeDefined();
  });
});
