import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { SyncConfig } from '../../src/workspace/index.js';

/** What a fake integration platform does when it is asked to pause. */
export interface Behaviour {
  /** Answers 500 although it did pause, as one vendor does. */
  lieAboutFailure?: boolean;
  /** Accepts the pause and keeps running. */
  ignorePause?: boolean;
  /** Accepts the resume and stays paused. */
  ignoreResume?: boolean;
}

/** A real HTTP server on loopback that plays an integration platform with one sync. */
export async function startIntegration(behaviour: Behaviour = {}): Promise<{
  url: string;
  behaviour: Behaviour;
  state: { paused: boolean; inFlight: number; pauses: number; resumes: number; authorization: string | undefined };
  onStatus: (listener: () => void) => void;
  close: () => Promise<void>;
}> {
  const state = { paused: false, inFlight: 0, pauses: 0, resumes: 0, authorization: undefined as string | undefined };
  let listener = (): void => {};
  const server = createServer((request, response) => {
    state.authorization = request.headers.authorization;
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/sync/pause') {
      state.pauses += 1;
      if (!behaviour.ignorePause) state.paused = true;
      if (behaviour.lieAboutFailure) answer(500, { error: 'timed out' });
      else answer(200, {});
    } else if (request.url === '/sync/resume') {
      state.resumes += 1;
      if (behaviour.ignoreResume !== true) state.paused = false;
      answer(200, {});
    } else if (request.url === '/sync') {
      answer(200, { state: state.paused ? 'paused' : 'active', in_flight: state.inFlight });
      listener();
    } else answer(404, {});
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behaviour,
    state,
    onStatus: (next) => (listener = next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** Settings of the http controller for {@link startIntegration}. */
export function httpSync(name: string, url: string, more: Partial<SyncConfig> = {}): SyncConfig {
  return {
    name,
    controller: 'http',
    writes_to: ['crm'],
    writes_as: [],
    credentials: {},
    options: {
      url,
      status: { path: '/sync', paused: 'body.state == "paused"', in_flight: 'body.in_flight' },
      pause: { path: '/sync/pause' },
      resume: { path: '/sync/resume' },
    },
    ...more,
  };
}
