import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { strangerOf, turnAway } from '../sandbox/index.js';

/** A small integration that keeps writing until it is paused, with the control API that a real one has. */
export interface Integration {
  /** Address of its control API, on loopback. */
  readonly url: string;
  readonly paused: boolean;
  /** Writes made so far. */
  readonly writes: number;
  stop(): Promise<void>;
}

/**
 * Starts an integration on a loopback port, a free one by default. `write` is called again and again, `everyMs` apart,
 * while it is not paused; after a pause, work in flight goes on for a moment, as in real ones.
 */
export async function startIntegration(write: () => void, port = 0, everyMs = 200): Promise<Integration> {
  const state = { paused: false, inFlight: 0, writes: 0 };
  const timer = setInterval(() => {
    if (state.paused && state.inFlight === 0) return;
    if (state.paused) state.inFlight -= 1;
    state.writes += 1;
    write();
  }, everyMs);
  timer.unref();
  const server = createServer((request, response) => {
    const stranger = strangerOf(request);
    if (stranger !== undefined) {
      turnAway(request, response, 403, stranger);
      return;
    }
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    if (call === 'POST /sync/pause') {
      if (!state.paused) state.inFlight = 2;
      state.paused = true;
    } else if (call === 'POST /sync/resume') state.paused = false;
    else if (call !== 'GET /sync') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"no such path"}');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ state: state.paused ? 'paused' : 'active', in_flight: state.inFlight }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    get paused() {
      return state.paused;
    },
    get writes() {
      return state.writes;
    },
    stop: () =>
      new Promise((resolve) => {
        clearInterval(timer);
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
