import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { displayWidth } from '../../src/cli/views/text/width.js';
import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { FILE } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-escalation-'));
  await copyFile(fileURLToPath(new URL('../../runback.yml', import.meta.url)), join(folder, 'runback.yml'));
  await writeFile(join(folder, 'escalation.yml'), FILE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const call = (...words: string[]) => runHere(['escalation', ...words], { cwd: folder });
const fits = (text: string): void => expect(text.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);

describe('runback escalation', () => {
  test('show says who is on call and who is told, in 80 columns, and the same as JSON', async () => {
    const shown = await call('show');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/(Maya Ortiz \(maya\)|Lee Park \(lee\)) {2}primary {3}/);
    expect(shown.stdout).toContain('Policy critical, followed 2 times');
    fits(shown.stdout);
    const [json] = jsonLines((await call('show', '--json')).stdout);
    expect(json).toMatchObject({ ok: true, command: 'escalation show', data: { onCall: [{ schedule: 'primary' }], escalation: { version: 1 } } });
  });

  test('simulate tells each message with its zone, and takes the first of two times', async () => {
    const told = await call('simulate', '--severity', 'sev1', '--at', '2026-11-01T01:30', '--for', '40m');
    expect(told.code).toBe(0);
    expect(told.stdout).toContain('occurs twice');
    expect(told.stdout).toContain('Sun 2026-11-01 01:35 EDT');
    expect(told.stdout).toContain('Sun 2026-11-01 01:00 EST');
    fits(told.stdout);
    const [json] = jsonLines((await call('simulate', '--severity', 'sev1', '--at', '2026-11-01T01:30', '--json')).stdout);
    expect(json).toMatchObject({
      data: { at: '2026-11-01T05:30:00.000Z', zone: 'America/New_York', steps: [{ kind: 'rung', level: 1 }, {}, {}, {}, {}, {}, {}, {}, {}, {}] },
    });
  });

  test('simulate refuses a time that does not exist, an unknown zone and an unknown severity', async () => {
    const skipped = await call('simulate', '--severity', 'sev1', '--at', '2026-03-08T02:30');
    expect(skipped.code).toBe(64);
    expect(skipped.stderr).toContain('02:00 straight to 03:00');
    expect((await call('simulate', '--severity', 'sev1', '--zone', 'America/NewYork')).stderr.replaceAll(/\s+/g, ' ')).toContain(
      'did you mean "America/New_York"',
    );
    expect((await call('simulate', '--severity', 'sev11')).stderr).toContain('did you mean "sev1"');
  });

  test('simulate --expect ends with 2 and the differences, from words or from a file', async () => {
    const begin = ['simulate', '--severity', 'sev1', '--at', '2026-07-08T14:00'];
    await writeFile(join(folder, 'expected.txt'), '# at once\n0m maya email\n0m ops slack\n');
    const right = await call(...begin, '--expect', 'expected.txt', '--expect', '2m maya sms');
    expect(right.code).toBe(0);
    expect(right.stdout).toContain('As expected: 3 messages');
    const wrong = await call(...begin, '--expect', 'expected.txt', '--expect', '2m lee sms');
    expect(wrong.code).toBe(2);
    expect(wrong.stdout).toContain('missing     2m lee sms');
    expect(wrong.stdout).toContain('unexpected  2m maya sms');
    const [json] = jsonLines((await call(...begin, '--expect', '0m lee email', '--json')).stdout);
    expect(json).toMatchObject({
      data: { differences: [{ kind: 'unexpected', message: '0m maya email' }, { kind: 'unexpected' }, { kind: 'missing' }] },
    });
    expect((await call(...begin, '--expect', 'nowhere.txt')).code).toBe(64);
  });

  test('lint ends with 0 where all is well or only odd, and with 65 where something is refused, each at its place', async () => {
    expect(await call('lint')).toMatchObject({ code: 0 });
    await writeFile(join(folder, 'escalation.yml'), FILE.replace('quiet_hours: { weekdays: "20:00-08:00", weekends: all }', ''));
    const odd = await call('lint');
    expect(odd.code).toBe(0);
    expect(odd.stdout.replaceAll(/\s+/g, ' ')).toMatch(/warning escalation\.yml:\d+:\d+: sev3 waits for the end of quiet hours, but there are none/);
    await writeFile(join(folder, 'escalation.yml'), FILE.replace(', phone: env:MAYA_PHONE', ''));
    const refused = await call('lint');
    expect(refused.code).toBe(65);
    expect(refused.stdout).toContain('error escalation.yml:4:71: Maya Ortiz cannot be reached by sms');
    fits(refused.stdout);
    const [json] = jsonLines((await call('lint', '--json')).stdout);
    expect(json).toMatchObject({ data: { findings: [{ severity: 'error', code: 'contact-broken', file: 'escalation.yml', line: 4 }] } });
  });

  test('a file that is wrong or missing is told as such, and a secret in it is not shown', async () => {
    await writeFile(join(folder, 'escalation.yml'), FILE.replace('env:TWILIO_TOKEN', 'canary0secret1canary'));
    const wrong = await call('show');
    expect(wrong.code).toBe(65);
    expect(wrong.stderr).toContain('secret-literal');
    expect(wrong.stdout + wrong.stderr).not.toContain('canary0secret1canary');
    await rm(join(folder, 'escalation.yml'));
    expect(await call('lint')).toMatchObject({ code: 10 });
  });

  test('init gives a new workspace the sample, which passes; a file that is there stays', async () => {
    const fresh = await mkdtemp(join(tmpdir(), 'runback-init-'));
    try {
      expect(await runHere(['init', 'one'], { cwd: fresh })).toMatchObject({ code: 0 });
      expect(await runHere(['escalation', 'lint'], { cwd: join(fresh, 'one') })).toMatchObject({ code: 0 });
      await writeFile(join(fresh, 'escalation.yml'), 'mine');
      expect(await runHere(['init'], { cwd: fresh })).toMatchObject({ code: 0 });
      expect(await readFile(join(fresh, 'escalation.yml'), 'utf8')).toBe('mine');
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  });
});
