import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

/** Puts pages into an outbox and sends them, until none is left. */
export const script = fileURLToPath(new URL('crash-workload.cjs', import.meta.url));

/** A page as it arrived. */
export interface Recorded {
  readonly key: string;
  readonly attempt: number;
  readonly text: string;
}

/** A server that keeps what it is sent and takes everything. */
export async function recordingServer(): Promise<{ readonly url: string; readonly got: Recorded[]; readonly arrivals: EventEmitter }> {
  const got: Recorded[] = [];
  const arrivals = new EventEmitter();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { data } = JSON.parse(body) as { data: { attempt: number; text: string } };
      got.push({ key: String(request.headers['webhook-id']), attempt: data.attempt, text: data.text });
      arrivals.emit('page');
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got, arrivals };
}

/** Runs the workload, and ends it with SIGKILL when so many of its pages have arrived. Says how far it came. */
export function run(
  args: readonly string[],
  arrivals: EventEmitter,
  killAfter: number | undefined,
): Promise<{ readonly put: number; readonly settled: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    let arrived = 0;
    const counts = (): void => {
      arrived += 1;
      if (arrived === killAfter) child.kill('SIGKILL');
    };
    arrivals.on('page', counts);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('close', (code, signal) => {
      arrivals.off('page', counts);
      if (code !== 0 && signal !== 'SIGKILL') return reject(new Error(`the workload ended with ${String(code)}`));
      const put = [...said.matchAll(/put (\d+)/g)].at(-1)?.[1];
      resolve({ put: Number(put ?? args[2] ?? 0), settled: said.includes('settled') });
    });
  });
}

/** Numbers from 0 to 1 that a seed repeats. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a page that came more than once must look like: the same key, counted up. */
export function repeatsOf(got: readonly Recorded[]): { readonly repeats: number; readonly unmarked: readonly string[] } {
  const seen = new Set<string>();
  const unmarked: string[] = [];
  let repeats = 0;
  for (const { key, attempt } of got) {
    if (seen.has(key)) {
      repeats += 1;
      if (attempt < 2) unmarked.push(key);
    }
    seen.add(key);
  }
  return { repeats, unmarked };
}
