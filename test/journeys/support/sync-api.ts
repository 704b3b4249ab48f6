import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A sync with an HTTP API of its own: `GET /feed`, `POST /feed/pause`, `POST /feed/resume`. */
export interface SyncApi {
  readonly url: string;
  readonly state: 'running' | 'paused';
  /** Running again. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startSyncApi(): Promise<SyncApi> {
  let state: SyncApi['state'] = 'running';
  const server = createServer((request, response) => {
    const verb = request.method === 'POST' ? request.url?.split('/').at(-1) : undefined;
    if (verb === 'pause') state = 'paused';
    if (verb === 'resume') state = 'running';
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ state }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get state() {
      return state;
    },
    reset: () => {
      state = 'running';
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
