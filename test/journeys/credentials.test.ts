import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/index.js';
import { flat, openSmallRun, RESUME, type SmallRun, START } from './support/small-run.js';

let run: SmallRun;
beforeAll(async () => {
  run = await openSmallRun();
});
afterAll(() => run.close());

test.each<[string, Fault, string, RegExp]>([
  ['token', { kind: 'expire-token' }, 'auth-refused', /Platform hubspot: HubSpot refuses the token .* Copy a new token .* to file:token/u],
  ['scope', { kind: 'remove-scope', scope: 'crm.objects.contacts.write' }, 'scope-missing', /lacks the scope crm\.objects\.contacts\.write/u],
])(
  'a %s that ends midway: exit 4 with how to renew it, once more while it is not renewed, and the run goes on when it is',
  async (_, fault, code, how) => {
    await run.newDamage();
    run.sandbox.faults.add({ ...fault, path: '*batch/update', after: 1 });
    const stopped = await run.go(START);
    run.sandbox.resetCounts();
    const still = await run.go(RESUME);
    // Told at once: a token that is refused is not tried again and again.
    expect(run.sandbox.counts().requests).toBeLessThan(10);
    for (const ended of [stopped, still]) {
      expect(ended, ended.stderr).toMatchObject({ code: 4 });
      expect(flat(ended)).toMatch(how);
      expect(flat(ended)).toMatch(new RegExp(`Continue: runback runbook resume run-.* Code ${code} `, 'u'));
    }
    expect(flat(stopped)).toContain('10 of 20 changes are on the platform.');
    // What the vendor's support asks for is on record.
    const restores = join(run.dir, '.runback', 'restores');
    const [latest = ''] = (await readdir(restores)).sort().toReversed();
    const lines = (await readFile(join(restores, latest, 'journal.ndjson'), 'utf8')).split('\n').filter((line) => line.includes('"restore.stopped"'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/"correlationId":"[^"]{8,}"/u);
    run.sandbox.renewToken();
    await run.expectResumed();
  },
);
