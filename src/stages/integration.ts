import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { cannotListen } from '../lib/index.js';
import { strangerOf, turnAway } from '../sandbox/index.js';

/** A small integration that keeps writing until it is paused, with the control API that a real one has. */
export interface Integration {
  /** Address of its control API, on loopback. */
  readonly url: string;
  readonly paused: boolean;
  /** Writes made so far. */
  readonly writes: number;
  /** Everything that changed its state or was written, oldest first. */
  readonly log: readonly IntegrationEvent[];
  /** Somebody or something starts it again who does not ask. */
  restart(): void;
  stop(): Promise<void>;
}

/** What an integration did or had done to it. `at`: milliseconds since 1970. */
export interface IntegrationEvent {
  readonly at: number;
  /** `quiet`: what was in flight after a pause is done. `restarted`: by somebody who did not ask. */
  readonly what: 'paused' | 'quiet' | 'resumed' | 'restarted' | 'wrote';
}

/** How an integration behaves. */
export interface IntegrationOptions {
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Time between two writes, milliseconds; default 200. */
  readonly everyMs?: number;
}

/** Writes that are still made after a pause, as in real ones. */
const IN_FLIGHT = 2;

/**
 * Starts an integration on a loopback port. `write` is called again and again while it is not paused; after a pause,
 * work in flight goes on for a moment.
 */
export async function startIntegration(write: () => void, options: IntegrationOptions = {}): Promise<Integration> {
  const { port = 0, everyMs = 200 } = options;
  const state = { paused: false, inFlight: 0, writes: 0 };
  const log: IntegrationEvent[] = [];
  const note = (what: IntegrationEvent['what']): void => void log.push({ at: Date.now(), what });
  const timer = setInterval(() => {
    if (state.paused && state.inFlight === 0) return;
    if (state.paused) state.inFlight -= 1;
    state.writes += 1;
    note('wrote');
    write();
    if (state.paused && state.inFlight === 0) note('quiet');
  }, everyMs);
  timer.unref();
  const pause = (): void => {
    if (state.paused) return;
    state.inFlight = IN_FLIGHT;
    state.paused = true;
    note('paused');
  };
  const resume = (what: 'resumed' | 'restarted'): void => {
    if (!state.paused) return;
    state.paused = false;
    note(what);
  };
  const server = createServer((request, response) => {
    const stranger = strangerOf(request);
    if (stranger !== undefined) {
      turnAway(request, response, 403, stranger);
      return;
    }
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    if (call === 'POST /sync/pause') pause();
    else if (call === 'POST /sync/resume') resume('resumed');
    else if (call !== 'GET /sync') {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"no such path"}');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ state: state.paused ? 'paused' : 'active', in_flight: state.inFlight }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(cannotListen('The sync of the sandbox', { host: '127.0.0.1', port }, error, 'runback sandbox start --sync-port 48721')),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    log,
    restart: () => resume('restarted'),
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
