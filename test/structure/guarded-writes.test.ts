import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { NOUNS } from '../../src/cli/shell/nouns.js';

/** A user would lose: records, to a laptop that was asleep and writes on under a lock that a colleague has by now. */

/** What a command sends passes one of these, and each of them asks for its lock itself. */
type Seam = 'platform' | 'sync' | 'form' | 'step' | 'disturbance' | 'own place';

/** Commands that change something outside of runback's own state, and by which seams. `own place`: only what they have to themselves. */
const WRITES: Readonly<Record<string, readonly Seam[]>> = {
  respond: ['platform', 'sync', 'step'],
  'runbook run': ['platform', 'sync', 'step'],
  'runbook resume': ['platform', 'sync', 'step'],
  'runbook undo': ['platform', 'sync', 'step'],
  'restore apply': ['platform'],
  'restore resume': ['platform'],
  'restore undo': ['platform'],
  'restore rehearse': ['own place'],
  'sync pause': ['sync'],
  'sync resume': ['sync'],
  'snapshot create': ['sync'],
  'backup run': ['sync'],
  'backup test-restore': ['own place'],
  'reconcile run': ['sync'],
  'test run': ['platform', 'form', 'disturbance'],
  'test cleanup': ['platform', 'disturbance'],
  'monitor run': ['platform'],
  'monitor canary': ['platform'],
  daemon: ['platform', 'sync'],
  'parity check': ['platform'],
  'drill run': ['platform', 'sync', 'step', 'own place'],
  'sandbox data': ['platform'],
  'sandbox start': ['own place'],
  'sandbox seed': ['own place'],
  demo: ['own place'],
  practice: ['own place'],
};

/** Commands that read platforms at most. */
const READS = [
  'init doctor status investigate diff approve forget prune completion',
  ...['open list show ack release escalate note triage snooze mitigate resolve reopen merge link vendor report'].map((verbs) =>
    of('incident', verbs),
  ),
  of('runbook', 'list show lint render abort takeover runs evidence'),
  of('snapshot', 'import list show verify adopt accept cat export pin re-encrypt fetch delete'),
  of('monitor', 'list status show replay silence review'),
  of('backup', 'jobs prune copy'),
  of('restore', 'plan show lost left verify'),
  of('sync', 'list status'),
  of('mapping', 'init lint show drift accept ping-pong'),
  of('lock', 'list take'),
  of('state', 'move'),
  of('escalation', 'show lint simulate test forget'),
  of('drill', 'list report history schedule'),
  of('test', 'list report'),
  of('reconcile', 'plan view history'),
].flatMap((line) => (typeof line === 'string' ? line.split(' ') : line));

function of(noun: string, verbs: string): readonly string[] {
  return verbs.split(' ').map((verb) => `${noun} ${verb}`);
}

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
const textOf = (name: string): string => readFileSync(join(SOURCES, name), 'utf8');
const where = (pattern: RegExp): readonly string[] => files.filter((name) => pattern.test(textOf(name))).sort();
const unlike = (names: readonly string[], allowed: readonly string[]): readonly string[] =>
  names.filter((name) => !allowed.some((one) => (one.endsWith('/') ? name.startsWith(one) : name === one)));

it('each command is known: as one that changes nothing elsewhere, or with the seams that ask for its lock', () => {
  const all = NOUNS.flatMap(({ name, verbs }) => (verbs.length === 0 ? [name] : verbs.map((verb) => `${name} ${verb}`)));
  expect([...Object.keys(WRITES), ...READS].sort(), 'a new command has to be looked at, and a test that it sends nothing without its lock').toEqual(
    [...all].sort(),
  );
});

it('a platform is opened only with what has to hold where it is written to', () => {
  // The type asks for it; here is who says that nothing has to.
  expect(unlike(where(/writes: 'private'/u), ['stages/local/start.ts', 'stages/rehearsal/stage.ts', 'stages/empty/empty.ts'])).toEqual([]);
  expect(unlike(where(/writes: underLockIn\(/u), ['cli/session/session.ts', 'stages/staging.ts', 'checks/parity/open.ts'])).toEqual([]);
  // No other way leads to a connector that writes.
  expect(unlike(where(/\.openConnector\(/u), ['connectors/registry.ts'])).toEqual([]);
});

it('a sync is changed only through what asks for its lock', () => {
  expect(unlike(where(/\bopenController\(/u), ['syncs/pauses.ts', 'syncs/registry.ts'])).toEqual([]);
  expect(textOf('syncs/pauses.ts')).toContain('guarded(controller, changes)');
});

it('nothing else sends what changes something: each place that does is one of these', () => {
  // Requests that are not repeatable, and connections without the one client.
  expect(
    unlike(where(/repeatable: (?:false|effect)/u), [
      'connectors/',
      'syncs/drivers/',
      'syncs/described/',
      // Steps of runbooks: under the lease of their journal.
      'runbooks/actions/http.ts',
      // To a sandbox on this machine, whoever has started it.
      'stages/seed.ts',
      'lib/http/types.ts',
    ]),
  ).toEqual([]);
  expect(
    unlike(where(/from 'node:(?:net|tls|http|https)'/u), [
      'checks/load/',
      // A proxy passes on what others send.
      'checks/disturb/proxy.ts',
      // Servers on this machine, and the wire to databases.
      'sandbox/kit/',
      'daemon/page/server.ts',
      'stages/integration.ts',
      'store/postgres/',
      'connectors/postgres/',
      'lib/http/',
    ]),
  ).toEqual([]);
  expect(textOf('checks/load/connection.ts')).toContain('lookAtFirstByte(socket, guarded)');
  expect(textOf('runbooks/engine/runner.ts')).toContain('guard: guardOf(this.journal.lease)');
  expect(textOf('runbooks/actions/command.ts')).toContain('context.options.guard?.left()');
});
