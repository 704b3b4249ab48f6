import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { readCounts } from '../../../src/calls/index.js';
import { Session } from '../../../src/cli/session/session.js';
import { Redactor } from '../../../src/lib/index.js';
import { startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { temporaryStore } from '../../support/store.js';

it('a command of hours is seen by monitors while it works, and a crash of it loses a minute of what it was answered', async () => {
  const clock = new SharedClock(Date.parse('2026-03-02T08:00:00Z'));
  const sandbox = await startHubSpotSandbox({ clock });
  onTestFinished(async () => await sandbox.stop());
  const { dir } = await temporaryStore(clock);
  const folder = dirname(dir);
  await writeFile(
    join(folder, 'runback.yml'),
    `version: 1
platforms: { crm: { connector: hubspot, environment: sandbox, account: "${String(sandbox.portalId)}", url: ${sandbox.url}, credentials: { token: env:TOKEN } } }`,
  );
  const session = await Session.open({
    folder,
    cwd: folder,
    env: { TOKEN: sandbox.token },
    by: 'maya',
    clock,
    redactor: new Redactor(),
    signal: new AbortController().signal,
  });
  onTestFinished(async () => await session.close());
  const { connector } = await session.openPlatform('crm');
  const kept = async (): Promise<number> => {
    const rows = await readCounts(session.store, new Date('2026-03-02T00:00:00Z'), new Date('2026-03-03T00:00:00Z'));
    return rows.filter(({ call }) => call === 'identify').reduce((sum, { hours }) => sum + Object.values(hours).reduce((a, b) => a + b, 0), 0);
  };
  await connector.identify();
  expect(await kept()).toBe(0);
  clock.advance(61_000);
  await connector.identify();
  await expect.poll(kept).toBe(3);
  await connector.identify();
  await session.close();
  expect(await kept()).toBe(4);
});
