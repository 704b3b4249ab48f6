import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { defineConfig, type Plugin } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

import { MachineClock } from './test/support/machine-clock.js';

/** Files that take half a minute or more, the longest first: begun last, one of them would keep a single process busy at the end. */
const LONG = [
  'cli/hostile-platforms',
  'cli/load-crash',
  'cli/steps-crash',
  'checks/journeys/killed',
  'backups/forget-sweep',
  'snapshots/import-crash',
  'drills/game-day',
  'drills/shipped',
  'drills/disturbed',
  'daemon/process',
  'journeys/crash-storage-',
  'journeys/crash-sweep-',
  'journeys/mailchimp-',
  'journeys/run-kills',
  'drills/staging',
  'drills/command',
  'restores/innocent-data',
  'notify/crash',
  'journeys/postgres.',
  'journeys/kills',
  'journeys/locks',
  'upgrade/',
  'restores/moving-values',
  'reports/browser',
  'daemon/browser',
];

/** What `npm run test:long` runs instead of `npm test`: each takes many processes, a browser, or a database for long. */
const LATER = [
  'test/checks/{import,touchpoints-back,triggers}.test.ts',
  'test/checks/journeys/{faults,races,killed,persona}.test.ts',
  'test/checks/parity/leak.test.ts',
  'test/monitors/{baseline,simulation}.test.ts',
  'test/monitors/canary/{hubspot-postgres,kill,month}.test.ts',
  'test/monitors/live/kill.test.ts',
  'test/monitors/sources/{hubspot,postgres,to-incident}.test.ts',
  'test/cli/monitor/{canary,commands,daemon,kill}.test.ts',
  'test/drills/**/!(mutants).test.ts',
  'test/stages/**/*.test.ts',
  'test/backups/{copies-places,copies-sweep,forget-sweep,sets,thirty-days,thirty-days-postgres}.test.ts',
  'test/investigations/stories-all.test.ts',
  'test/investigations/{fresh,rough}-stories.test.ts',
  'test/**/browser.test.ts',
  'test/cli/{bucket,clean-runs,copies,disturbed-load,forget,guarded-writes,hostile-platforms,import,import-tables,load-crash,offers,package,plan-set,plan-set-killed,steps-crash,stopped-past-lease,team,touchpoint-crash,trigger-test,two-laptops}.test.ts',
  'test/connectors/postgres-{attacks-writing,faults,locks,odd-defaults,pooler,references,sizes,types}.test.ts',
  'test/journeys/{crash-storage-*,crash-sweep-described,each-runbook,each-runbook-postgres,locks,postgres,postgres-killed,reconcile-records}.test.ts',
  'test/restores/{large-records,moving-values,stopped-past-lease}.test.ts',
  'test/store/{move-killed,postgres-answers,postgres-cable,postgres-crash,postgres-failover,postgres-odd-defaults,postgres-pooler}.test.ts',
  'test/daemon/shared/nights.test.ts',
  'test/notify/shared.test.ts',
  'test/upgrade/monitors.test.ts',
  'test/contracts/s3-server.test.ts',
  'test/snapshots/{asked-since,import-crash,radosgw,s3-catalog,s3-crash,s3-faults}.test.ts',
];
/** Sweeps that `npm test` runs at some places; `npm run test:wider` runs them at twice as many, as the long tests do. */
const SWEEPS = ['test/**/*{crash,kill}*.test.ts', 'test/backups/prune.test.ts', 'test/store/settled.test.ts', 'test/restores/attacks/drawn.test.ts'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.includes(`/test/${name}`));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * Keeps temporary files in memory where there is room: the tests flush tens of thousands of times, and what kill -9 leaves is the same there.
 * A TMPDIR that is set stays: `TMPDIR=/tmp npm test` tests on a disk.
 */
function temporaryFilesInMemory(): void {
  if (process.env['TMPDIR'] !== undefined) return;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < ENOUGH_BYTES) return;
    const folder = mkdtempSync(`${MEMORY}/runback-test-`);
    // As /tmp is: PostgreSQL and some tests give up being root.
    chmodSync(folder, 0o1777);
    process.env['TMPDIR'] = folder;
    // Gone with this process: tests may keep there what others can use.
    process.env['RUNBACK_TEST_OWN_TMP'] = folder;
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  } catch {
    // There is none here, or it may not be written to.
  }
}
temporaryFilesInMemory();

const SOURCES = fileURLToPath(new URL('src/', import.meta.url));
const BUILT = fileURLToPath(new URL('dist/', import.meta.url));

/** What `npm run build` made of the sources stands in for them: three processes need not translate and wrap each module once more. */
const fromBuild: Plugin = {
  name: 'from-build',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !source.startsWith('.')) return undefined;
    const path = resolve(dirname(importer), source);
    return path.startsWith(SOURCES) ? BUILT + path.slice(SOURCES.length) : undefined;
  },
};

export default defineConfig(({ mode }) => ({
  plugins: ['built', 'long', 'wider'].includes(mode) ? [fromBuild] : [],
  test: {
    server: { deps: { external: [/\/dist\//u] } },
    include: mode === 'long' ? LATER : mode === 'wider' ? [...LATER, ...SWEEPS] : ['test/**/*.test.ts'],
    // `npm run acceptance` runs these: they run everything else.
    exclude: ['test/acceptance/**', ...(mode === 'built' ? LATER : [])],
    globalSetup: ['test/support/bundle.ts'],
    setupFiles: ['test/support/seeds.ts'],
    // What hangs is ended by these, and nothing else: a machine may be many times slower than the one a test was written on.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    pool: 'forks',
    // Two cores, and many tests wait for processes of their own.
    maxWorkers: 5,
    // Most files need modules of src and nothing else: loading them anew for each takes a minute.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new MachineClock()],
  },
}));
