import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { runHere } from '../../cli/support/here.js';
import { startStub } from '../stubs/kit.js';
import { workato } from '../stubs/workato.js';

const OWN = `version: 1
name: Own
status: { get: /x, paused: body.off, in_flight_is: nothing }
pause: { post: /p }
resume: { post: /r }
`;

it('doctor tells what would run on a resume, what no test proves, and where a description is wrong', async () => {
  const vendor = workato();
  vendor.truth.paused = true;
  vendor.truth.waiting = 2;
  const stub = await startStub((asked) => (asked.path === '/x' ? { status: 200, body: { off: true } } : vendor.answer(asked)));
  const folder = await mkdtemp(join(tmpdir(), 'runback-doctor-'));
  const config = `version: 1
platforms:
  warehouse: { connector: postgres, environment: staging, account: shop, url: env:NO_DATABASE_HERE }
syncs:
  leads: { controller: workato, writes_to: [warehouse], url: ${stub.url}, id: "28904", credentials: { token: env:WORKATO } }
  loads: { controller: own.yml, writes_to: [warehouse], url: ${stub.url} }
  wrong: { controller: wrong.yml, writes_to: [warehouse], url: ${stub.url} }
backups: { storage: backups }
`;
  await writeFile(join(folder, 'runback.yml'), config);
  await writeFile(join(folder, 'own.yml'), OWN);
  await writeFile(join(folder, 'wrong.yml'), OWN.replace('body.off', 'bdy.off'));
  const { stdout } = await runHere(['doctor'], { cwd: folder, env: { WORKATO: 'canary-workato-token' } });
  expect(stdout).toMatch(/Sync leads: paused; 2 pending jobs of the recipe run when it starts/u);
  expect(stdout).toContain('Sync loads: paused; its controller own.yml is an example that no test proves');
  expect(stdout).toMatch(/wrong\.yml:3:\d+: .*nothing is named "bdy", did you mean "body"/u);
  expect(stdout).not.toContain('canary');
  await stub.close();
  await rm(folder, { recursive: true });
});
