import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach } from 'vitest';

import { parseDrill, type Drill } from '../../../src/drills/document/load.js';
import { rehearse } from '../../../src/drills/index.js';
import type { DrillResult } from '../../../src/drills/index.js';
import { systemClock } from '../../../src/lib/index.js';

const shipped = join(import.meta.dirname, '../../../runbooks');

/** What somebody who follows mass-overwrite answers. */
export const ANSWERS = {
  review: 'yes',
  unlisted: 'done',
  left: 'go on',
  review_created: 'leave',
  allow: { choice: 'approve', by: 'lee' },
  cause: { choice: 'done', note: 'mended' },
};

/** A drill as its file would say it; JSON is YAML. */
export function drillOf(document: Readonly<Record<string, unknown>>, file = 'drills/a-drill.yml'): Drill {
  const base = {
    version: 1,
    id: 'a-drill',
    title: 'A drill',
    where: { local: ['hubspot'], records: 60, seed: 3 },
    fault: { kind: 'overwrite', object: 'contacts', field: 'firstname', records: 6 },
    runbook: 'mass-overwrite',
    answers: ANSWERS,
  };
  return parseDrill(JSON.stringify({ ...base, ...document }), file);
}

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A folder that is gone after the test. */
export async function folderFor(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `runback-${name}-`));
  folders.push(folder);
  return folder;
}

/** Plays a drill with the program as it is shipped. */
export async function play(
  drill: Drill,
  more: { readonly runbook?: string; readonly resumes?: number; readonly seed?: number; readonly place?: string } = {},
): Promise<DrillResult> {
  const folder = await folderFor('drill');
  const { runbook = join(shipped, `${drill.runbook}.yml`), place = 'hubspot', ...rest } = more;
  return await rehearse(
    { drill, place: { local: place }, runbook, folder, ...rest },
    {
      program: {
        command: [process.execPath, process.env['RUNBACK_TEST_PROGRAM'] ?? ''],
        environment: process.env,
        signal: new AbortController().signal,
      },
      clock: systemClock,
      call: {},
      doing: () => {},
    },
  );
}

/** Names of the checks that failed. */
export const failedOf = ({ checks }: DrillResult): readonly string[] => checks.filter(({ passed }) => !passed).map(({ name }) => name);
