import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { membersOf, systemClock } from '../../src/lib/index.js';
import type { SyncController } from '../../src/syncs/controller.js';
import { openController } from '../../src/syncs/registry.js';
import { controllerContract } from '../contracts/controller.js';
import { httpSync, startIntegration } from './harness.js';

const deps = (name: string, options: Readonly<Record<string, unknown>>, cwd = process.cwd()) => ({
  name,
  options,
  cwd,
  environment: process.env,
  clock: systemClock,
  credentials: () => Promise.resolve({ SYNC_TOKEN: 'canary-token' }),
  secret: (ref: string) => Promise.resolve(`secret of ${ref}`),
  redact: (text: string) => text.replaceAll('canary-token', '[redacted]'),
});

controllerContract('http', async () => {
  const integration = await startIntegration();
  return {
    controller: await openController('http', deps('crm-to-mail', httpSync('crm-to-mail', integration.url).options)),
    truth: () => Promise.resolve({ paused: integration.state.paused }),
    setInFlight: (count) => {
      integration.state.inFlight = count;
      return Promise.resolve();
    },
    close: integration.close,
  };
});

controllerContract('command', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runback-sync-'));
  const file = join(folder, 'state.json');
  const write = (state: { paused: boolean; inFlight: number }): Promise<void> => writeFile(file, JSON.stringify(state));
  const read = async () => JSON.parse(await readFile(file, 'utf8')) as { paused: boolean; inFlight: number };
  await write({ paused: false, inFlight: 0 });
  const script = (body: string): { run: string[] } => ({
    run: [process.execPath, '-e', `const fs=require('fs');const f=process.argv[1];const s=JSON.parse(fs.readFileSync(f));${body}`, file],
  });
  const save = (paused: boolean): { run: string[] } => script(`s.paused=${paused};fs.writeFileSync(f,JSON.stringify(s))`);
  return {
    controller: await openController(
      'command',
      deps(
        'nightly',
        {
          status: { ...script('console.log(JSON.stringify(s))'), paused: 'json.paused', in_flight: 'json.inFlight' },
          pause: save(true),
          resume: save(false),
        },
        folder,
      ),
    ),
    truth: async () => ({ paused: (await read()).paused }),
    setInFlight: async (count) => write({ ...(await read()), inFlight: count }),
    close: () => rm(folder, { recursive: true }),
  };
});

describe('settings of controllers', () => {
  it('an unknown controller is named, with the nearest known one', async () => {
    await expect(openController('htp', deps('x', {}))).rejects.toMatchObject({ code: 'file-invalid', next: 'Did you mean "http"?' });
  });

  it('a credential is not sent to another machine without encryption', async () => {
    const { options } = httpSync('x', 'http://syncs.example.com');
    await expect(openController('http', deps('x', { ...options, auth: { credential: 'SYNC_TOKEN' } }))).rejects.toMatchObject({
      code: 'file-invalid',
    });
    await expect(openController('http', deps('x', options))).resolves.toBeDefined();
  });

  it('settings that do not fit say which key', async () => {
    await expect(openController('http', deps('x', { url: 'http://127.0.0.1', pauze: {} }))).rejects.toMatchObject({
      code: 'file-invalid',
      why: expect.stringContaining('syncs.x.') as string,
    });
  });

  it('JSON of a program with a byte order mark is JSON', async () => {
    const say = (text: string): { run: string[] } => ({ run: [process.execPath, '-e', `process.stdout.write(${JSON.stringify(text)})`] });
    const controller = await openController(
      'command',
      deps('x', {
        status: { ...say('\uFEFF{"paused":true,"jobs":0}'), paused: 'json.paused', in_flight: 'json.jobs' },
        pause: say(''),
        resume: say(''),
      }),
    );
    expect(await controller.status({})).toMatchObject({ state: 'paused' });
  });

  it('a program gets its words as a list: nothing in them reaches a shell (G25)', async () => {
    const controller = await openController(
      'command',
      deps('x', {
        status: {
          run: [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '$(touch /tmp/never); `id`'],
          paused: 'json[0] == "$(touch /tmp/never); `id`"',
        },
        pause: { run: ['true'] },
        resume: { run: ['true'] },
      }),
    );
    expect((await controller.status()).state).toBe('paused');
  });

  it('a credential reaches the program as environment, never as an argument (G22)', async () => {
    const controller = await openController(
      'command',
      deps('x', {
        status: { run: [process.execPath, '-e', 'console.log(process.env.SYNC_TOKEN === "canary-token")'], paused: 'stdout.startsWith("true")' },
        pause: { run: ['true'] },
        resume: { run: ['true'] },
      }),
    );
    expect((await controller.status()).state).toBe('paused');
  });

  it('a program sees the short environment, and what its settings give it; a value of theirs may be a reference', async () => {
    process.env['RUNBACK_TEST_OTHER_SECRET'] = 'canary-other';
    try {
      const controller = await openController(
        'command',
        deps('x', {
          status: {
            run: [process.execPath, '-e', 'console.log(JSON.stringify(process.env))'],
            paused: 'json.MODE == "plain" && json.KEY == "secret of env:KEY" && has(json.PATH) && !has(json.RUNBACK_TEST_OTHER_SECRET)',
          },
          pause: { run: ['true'] },
          resume: { run: ['true'] },
          env: { MODE: 'plain', KEY: 'env:KEY' },
        }),
      );
      expect((await controller.status()).state).toBe('paused');
    } finally {
      delete process.env['RUNBACK_TEST_OTHER_SECRET'];
    }
  });
});

describe.skipIf(process.platform !== 'linux')('programs that do not end', () => {
  const slow = (name: string, run: string[]): Promise<SyncController> =>
    openController(
      'command',
      deps(name, {
        status: { run, paused: 'exit == 0' },
        pause: { run: ['sh', '-c', 'echo no >&2; sleep 300 & exit 1'] },
        resume: { run: ['sh', '-c', 'sleep 300 & exit 0'] },
        env: { RUNBACK_TEST_SYNC: `${process.pid}-${name}` },
        timeout_seconds: 1,
      }),
    );
  const atWork = (name: string): number[] => membersOf({ mark: `RUNBACK_TEST_SYNC=${process.pid}-${name}` });

  it('are ended with all they started when their time is over', async () => {
    const controller = await slow('pipe', ['sh', '-c', 'sleep 300 | cat']);
    await expect(controller.status()).rejects.toMatchObject({
      code: 'sync-failed',
      why: expect.stringContaining('did not end within 1 s') as string,
    });
    expect(atWork('pipe')).toEqual([]);
  });

  it('a question leaves nothing behind, and neither does a change that failed', async () => {
    const controller = await slow('asked', ['sh', '-c', 'sleep 300 & exit 0']);
    expect((await controller.status()).state).toBe('paused');
    await expect(controller.pause()).rejects.toMatchObject({ code: 'sync-failed', why: expect.stringContaining('no') as string });
    expect(atWork('asked')).toEqual([]);
  });

  it('a worker that resume starts is not waited for, not ended, and told', async () => {
    const controller = await slow('worker', ['true']);
    const notes: string[] = [];
    await controller.resume({ reporter: { progress: () => {}, waiting: () => {}, note: (text) => notes.push(text) } });
    const left = atWork('worker');
    for (const pid of left) process.kill(pid, 'SIGKILL');
    expect(left).toHaveLength(1);
    expect(notes.join()).toContain('left a process still running');
  });

  it('an output too long to be whole is no state', async () => {
    const controller = await slow('long', [process.execPath, '-e', "console.log('x'.repeat(1100 * 1024))"]);
    await expect(controller.status()).rejects.toMatchObject({ code: 'sync-failed' });
  });

  it('what a program says when it fails is redacted before it is shortened', async () => {
    const controller = await openController(
      'command',
      deps('x', {
        status: { run: ['true'], paused: 'true' },
        // 300 characters are shown: they begin in the middle of the token.
        pause: { run: [process.execPath, '-e', "process.stderr.write(process.env.SYNC_TOKEN + 'x'.repeat(295)); process.exit(1)"] },
        resume: { run: ['true'] },
      }),
    );
    await expect(controller.pause()).rejects.toMatchObject({ why: expect.not.stringContaining('token') as string });
  });
});

// A user would lose: records that are written while the sync still writes, since an answer that says nothing counted as
// "paused, nothing in flight".
describe('an answer that does not say clearly whether the sync runs is no state', () => {
  const says = async (words: string, more: Readonly<Record<string, unknown>>, exit = 0) =>
    await openController(
      'command',
      deps('x', {
        status: { run: [process.execPath, '-e', `console.log(${JSON.stringify(words)}); process.exit(${exit})`], ...more },
        pause: { run: ['true'] },
        resume: { run: ['true'] },
      }),
    );

  it.each([
    ['not a number of jobs', '{"paused":true,"jobs":null}', { paused: 'json.paused', in_flight: 'json.jobs' }],
    ['jobs in words', '{"paused":true,"jobs":"many"}', { paused: 'json.paused', in_flight: 'json.jobs' }],
    ['empty jobs', '{"paused":true,"jobs":""}', { paused: 'json.paused', in_flight: 'json.jobs' }],
    ['neither true nor false', '{"paused":null}', { paused: 'json.paused' }],
    ['a field that is not there', '{}', { paused: 'json.paused' }],
    ['no JSON', 'connection refused', { paused: 'json.paused' }],
  ])('%s', async (_, words, status) => {
    await expect((await says(words, status)).status()).rejects.toMatchObject({ code: 'sync-failed' });
  });

  it('nor is one by a program that failed, unless its exit status is what is read', async () => {
    await expect((await says('paused', { paused: 'stdout.contains("paused")' }, 1)).status()).rejects.toMatchObject({ code: 'sync-failed' });
    expect((await (await says('', { paused: 'exit == 3' }, 3)).status()).state).toBe('paused');
  });

  it('a number of jobs as text is one', async () => {
    expect(await (await says('5', { paused: 'true', in_flight: 'stdout' })).status()).toMatchObject({ state: 'draining', inFlight: 5 });
  });
});
