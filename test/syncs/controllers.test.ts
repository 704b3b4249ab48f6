import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { systemClock } from '../../src/lib/index.js';
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

  it('settings that do not fit say which key', async () => {
    await expect(openController('http', deps('x', { url: 'http://127.0.0.1', pauze: {} }))).rejects.toMatchObject({
      code: 'file-invalid',
      why: expect.stringContaining('syncs.x.') as string,
    });
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
});
