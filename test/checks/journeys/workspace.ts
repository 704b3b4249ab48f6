import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '../../../src/lib/index.js';
import { type JourneyWorld, MAPPING, openJourneyWorld } from './world.js';

/** A workspace over all of a journey's sandboxes, with the integration at work all the time, and before each request. Close it. */
export interface JourneyWorkspace {
  readonly dir: string;
  readonly world: JourneyWorld;
  close(): Promise<void>;
}

/** With the journey that is shipped, but for the webinar itself, which would have to take place. */
export async function openJourneyWorkspace(): Promise<JourneyWorkspace> {
  const world = await openJourneyWorld(systemClock);
  const working = setInterval(() => world.work(), 20);
  for (const sandbox of [world.map, world.crm, world.mail]) sandbox.onRequest(() => world.work());
  const dir = await mkdtemp(join(tmpdir(), 'runback-journey-'));
  for (const folder of ['tests', 'mappings']) await mkdir(join(dir, folder));
  for (const [name, secret] of Object.entries(world.secrets)) await writeFile(join(dir, name), secret, { mode: 0o600 });
  await writeFile(join(dir, 'mappings', 'contacts.yml'), MAPPING);
  const platforms = Object.fromEntries(Object.entries(world.configs).map(([name, config]) => [name, { ...config, environment: 'sandbox' }]));
  await writeFile(join(dir, 'runback.yml'), JSON.stringify({ version: 1, platforms }));
  const shipped = await readFile(new URL('../../../docs/tests/b2b-webinar.yml', import.meta.url), 'utf8');
  // Two people, and no time is lost with waiting for what comes at once here.
  const text = shipped
    .replace(/ {4}- name: attends\n[^]*?(?= {4}- name: is called)/u, '')
    .replace('count: 3', 'count: 2')
    .replace(/^ {6}within: .*\n/gmu, '')
    .replace(/^( +)(create|tag|link|opts_out|update): (\S+)$/gmu, '$1$2: $3\n$1settle: 50ms\n$1within: 8s')
    .replace(', member.tags, lead.Webinars__c', '');
  await writeFile(join(dir, 'tests', 'b2b-webinar.yml'), text);
  return {
    dir,
    world,
    close: async () => {
      clearInterval(working);
      await world.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
