import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { builtModule, supportScript } from '../support/crash.js';
import { temporaryStore } from '../support/store.js';

test('a full disk is told as such; what was promised before stays, and the work goes on when there is room', async () => {
  const { store, dir } = await temporaryStore();
  // 64 KiB for any one file: a real limit of the system, met in the middle of a write.
  const script = `ulimit -f 128; exec "$0" "$@"`;
  const child = spawnSync(
    'sh',
    ['-c', script, process.execPath, supportScript('store-until-full.mjs'), builtModule('store/index.js'), builtModule('lib/index.js'), dir],
    {
      encoding: 'utf8',
    },
  );
  expect(child.stderr).toBe('');
  const report = JSON.parse(child.stdout) as { acknowledged: number; [name: string]: unknown };
  expect(report).toMatchObject({
    document: 'disk-full',
    documentAfter: { text: 'good' },
    ledger: 'disk-full',
    journal: 'disk-full',
    journalAgain: 'disk-full',
    lock: 'done',
  });
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(await store.ledgers('plans')).toEqual([]);
  expect(await store.document('notes', 'a').read()).toEqual({ text: 'good' });

  const writer = await store.journal('runs', 'run-1').open({ by: 'lee', holder: 'run-1', purpose: 'going on' });
  await writer.append({ by: 'lee', type: 'run.resumed' });
  await writer.close();
  const types: string[] = [];
  for await (const { type } of store.journal('runs', 'run-1').read()) types.push(type);
  expect(types).toEqual([...Array.from({ length: report.acknowledged }, () => 'step.intent'), 'run.resumed']);
  expect((await readdir(join(dir, 'documents', 'notes'))).filter((name) => name.includes('partial'))).toEqual([]);
});

test('a file system that fills up in the middle of a write leaves the good version in place', (context) => {
  const inNamespace = (script: string, ...args: string[]): SpawnSyncReturns<string> =>
    spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=192k,mode=700 tmpfs /mnt && ${script}`, ...args], { encoding: 'utf8' });
  if (inNamespace('true').status !== 0) context.skip('this system does not let us mount a file system of our own');
  const child = inNamespace(
    'head -c 110000 /dev/zero > /mnt/ballast && exec "$0" "$@"',
    process.execPath,
    supportScript('store-until-full.mjs'),
    builtModule('store/index.js'),
    builtModule('lib/index.js'),
    '/mnt/.runback',
    '/mnt/ballast',
  );
  expect(child.stderr).toBe('');
  const report = JSON.parse(child.stdout) as { acknowledged: number; [name: string]: unknown };
  expect(report).toMatchObject({
    document: 'disk-full',
    documentAfter: { text: 'good' },
    ledger: 'disk-full',
    journal: 'disk-full',
    withRoom: 'done',
  });
  expect(report['types']).toEqual({ 'step.intent': report.acknowledged, 'run.resumed': 1 });
});

/** A child that is not root, for which permissions count. */
async function asNobody(prepare: (dir: string) => Promise<void>): Promise<SpawnSyncReturns<string>> {
  const world = await mkdtemp(join(tmpdir(), 'runback-nobody-'));
  const isRoot = process.getuid?.() === 0;
  const dir = join(world, '.runback');
  onTestFinished(async () => {
    // Only root removes what is in a folder that may not be written.
    for (const folder of [dir, join(dir, 'documents', 'notes')]) await chmod(folder, 0o700);
    await rm(world, { recursive: true, force: true });
  });
  await mkdir(join(dir, 'documents', 'notes'), { recursive: true });
  // The build, copied to where that user can read it.
  const dist = dirname(fileURLToPath(builtModule('main.js')));
  await cp(dist, join(world, 'dist'), { recursive: true });
  await prepare(dir);
  if (isRoot)
    for (const folder of ['', '.runback', '.runback/documents', '.runback/documents/notes']) await chown(join(world, folder), 65_534, 65_534);
  const code = `
    const { openFileStore } = await import(${JSON.stringify(join(world, 'dist/store/index.js'))});
    const { Redactor, systemClock } = await import(${JSON.stringify(join(world, 'dist/lib/index.js'))});
    const store = openFileStore({ dir: ${JSON.stringify(dir)}, clock: systemClock, redactor: new Redactor() });
    const codeOf = (promise) => promise.then(() => 'done', (error) => error.code ?? String(error));
    console.log(JSON.stringify([
      await codeOf(store.document('notes', 'a').update(() => ({}))),
      await codeOf(store.journal('runs', 'run-1').open({ by: 'a', holder: 'run-1', purpose: 'p' })),
      await codeOf(store.ledger('plans', 'plan-1').write(['{}'])),
      await codeOf(store.lock('platform-crm', { by: 'a', holder: 'run-1', purpose: 'p' })),
    ]));`;
  await cp(join(dist, '..', 'node_modules', 'lowdb'), join(world, 'node_modules', 'lowdb'), { recursive: true, dereference: true });
  await cp(join(dist, '..', 'node_modules', 'steno'), join(world, 'node_modules', 'steno'), { recursive: true, dereference: true });
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: world,
    encoding: 'utf8',
    ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
  });
}

test('a folder that may not be written is told as such, and nothing is left half done', async () => {
  const child = await asNobody(async (dir) => {
    await chmod(join(dir, 'documents', 'notes'), 0o500);
    await chmod(dir, 0o500);
  });
  expect(child.stderr).toBe('');
  expect(JSON.parse(child.stdout)).toEqual(['disk-denied', 'disk-denied', 'disk-denied', 'disk-denied']);
});
