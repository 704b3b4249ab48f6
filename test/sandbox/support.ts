import { afterEach } from 'vitest';

import type { Clock } from '../../src/lib/index.js';
import { startHubSpotSandbox, type HubSpotSandbox, type HubSpotSandboxOptions } from '../../src/sandbox/index.js';

/** An answer with its body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** A sandbox and a plain way to call it. */
export interface Bench {
  readonly sandbox: HubSpotSandbox;
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

/** A clock that stands until it is moved. */
export function standingClock(): Clock & { move(ms: number): void } {
  let now = Date.parse('2026-11-22T12:00:00.000Z');
  return {
    now: () => new Date(now),
    monotonicMs: () => now,
    sleep: () => Promise.resolve(),
    move: (ms) => {
      now += ms;
    },
  };
}

/** Starts a sandbox that is stopped after the test; its limits are out of the way unless the test is about them. */
export async function bench(options: HubSpotSandboxOptions = {}): Promise<Bench> {
  const sandbox = await startHubSpotSandbox({ limits: { per10s: 1_000_000, searchPerSecond: 1_000_000 }, ...options });
  started.push(sandbox);
  return {
    sandbox,
    call: async (method, path, body, token = sandbox.token) => {
      const response = await fetch(sandbox.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },
  };
}

const started: HubSpotSandbox[] = [];
afterEach(async () => {
  for (const sandbox of started.splice(0)) await sandbox.stop();
});
