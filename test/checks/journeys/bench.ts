import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CheckResult, type JourneyTest, parseTest, runJourney } from '../../../src/checks/index.js';
import { Redactor, systemClock } from '../../../src/lib/index.js';
import { parseMapping } from '../../../src/mappings/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import { type JourneyFault, type JourneyWorld, MAPPING, openJourneyWorld } from './world.js';

/** The journey that is shipped, over sandboxes, without a command. Close it. */
export interface JourneyBench {
  readonly world: JourneyWorld;
  readonly store: Store;
  /** The file that is shipped. */
  readonly text: string;
  /** `told`: called at each step with its name, before it is done. */
  run(fault: JourneyFault, options?: { readonly text?: string; readonly told?: (step: string) => void }): Promise<CheckResult>;
  close(): Promise<void>;
}

export async function openJourneyBench(): Promise<JourneyBench> {
  const world = await openJourneyWorld();
  const dir = await mkdtemp(join(tmpdir(), 'runback-journey-'));
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  const text = await readFile(new URL('../../../docs/tests/b2b-webinar.yml', import.meta.url), 'utf8');
  const mappingOf = async (): Promise<ReturnType<typeof parseMapping>> => await Promise.resolve(parseMapping(MAPPING, 'mappings/contacts.yml'));
  return {
    world,
    store,
    text,
    run: async (fault, { text: own = text, told } = {}) => {
      world.fault = fault;
      const { clock, openPlatform } = world;
      const test = parseTest(own, 'tests/b2b-webinar.yml') as JourneyTest;
      return await runJourney(test, { store, clock, by: 'test', mappingOf, openPlatform, call: {}, ...(told && { tell: told }) });
    },
    close: async () => {
      await world.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What is not as wanted, in the words of the result. */
export const wrongIn = ({ checks }: CheckResult): readonly string[] =>
  checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);
