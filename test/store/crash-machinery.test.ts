import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { type CrashMoment, runCrashing, supportScript } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';

test('a child dies before a request is sent, with it sent and unanswered, or with its answer here and unseen', async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const folder = await temporaryFolder();
  const command = {
    args: [supportScript('crash-sample.mjs'), `http://127.0.0.1:${(server.address() as AddressInfo).port}`, join(folder, 'file')],
    within: [folder],
  };

  const whole = await runCrashing(command);
  expect(whole.stderr).toBe('');
  expect(whole.operations.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'http POST',
    'fs open',
    'fs write',
    'fs datasync',
    'http PUT',
    'fs rename',
  ]);
  expect(whole.stdout).toBe('posted\nwritten\nput\nrenamed\n');

  const crash = async (n: number, when: CrashMoment): Promise<{ out: string; requests: string[] }> => {
    seen.length = 0;
    const result = await runCrashing(command, { n, when });
    expect(result.killed).toBe(true);
    return { out: result.stdout, requests: [...seen] };
  };
  expect(await crash(1, 'before')).toEqual({ out: '', requests: [] });
  expect(await crash(1, 'half')).toEqual({ out: '', requests: ['POST /a'] });
  expect(await crash(1, 'after')).toEqual({ out: '', requests: ['POST /a'] });
  expect(await crash(5, 'before')).toEqual({ out: 'posted\nwritten\n', requests: ['POST /a'] });
  expect(await crash(5, 'after')).toEqual({ out: 'posted\nwritten\n', requests: ['POST /a', 'PUT /b'] });
});
