// A run in a process of its own, for crash sweeps: starts the run that is there, or resumes it. Its actions count their
// effects in files below `world`. Argument: root folder.
'use strict';
const { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const { built } = require('./built.cjs');
const { z } = built('zod');
const { Redactor, systemClock } = built('lib');
const { openFileStore } = built('store');
const { openCatalog } = built('snapshots');
const { openSyncs } = built('syncs');
const { parseRunbook, resumeRun, startRun } = built('runbooks');
const { defineAction } = built('action');

const [, , root] = process.argv;
void (async () => {
  const world = join(root, 'world');
  mkdirSync(world, { recursive: true });
  const read = (name) => (existsSync(join(world, name)) ? readFileSync(join(world, name), 'utf8') : undefined);
  const log = (line) => appendFileSync(join(world, 'effects.log'), `${line}\n`);
  const named = z.strictObject({ name: z.string() });
  const action = (name, effect, more) =>
    defineAction({ name, summary: name, input: named, outputs: { name: 'string' }, effect, manual: () => [name], ...more });
  const actions = [
    action('w.read', 'read', { run: async ({ name }) => ({ name: `${name}${readdirSync(world).length > 0 ? '' : ' '}` }) }),
    action('w.put', 'idempotent', {
      run: async ({ name }, { step }) => {
        writeFileSync(join(world, name), step.key);
        log(`put ${name}`);
        return { name };
      },
      undo: {
        summary: 'remove',
        afterFailure: true,
        run: async ({ name }) => {
          rmSync(join(world, name), { force: true });
          log(`undo ${name}`);
          return 'removed';
        },
      },
    }),
    action('w.make', 'verifiable', {
      run: async ({ name }, { step }) => {
        // One operation is the effect: a second one would be seen as a second line.
        appendFileSync(join(world, name), `${step.key}\n`);
        return { name };
      },
      lookup: async ({ name }) => (read(name) === undefined ? { state: 'not-started' } : { state: 'succeeded', outputs: { name } }),
      undo: {
        summary: 'remove',
        afterFailure: true,
        run: async ({ name }) => {
          rmSync(join(world, name), { force: true });
          return 'removed';
        },
      },
    }),
  ];
  const library = { names: actions.map(({ name }) => name), load: async (name) => actions.find((one) => one.name === name) };
  const text = `version: 1
id: sweep
title: A sweep
steps:
  - { id: look, title: Look, action: w.read, with: { name: x } }
  - { id: put, title: Put, action: w.put, with: { name: put } }
  - { id: make, title: Make, action: w.make, with: { name: "made-by-\${{ steps.put.name }}" } }
  - { id: ok, title: Fine, decide: { yes: continue } }
  - { id: more, title: More, action: w.make, with: { name: more } }
  - { id: note, title: Note, action: w.put, with: { name: last } }
`;

  const redactor = new Redactor();
  const dir = join(root, '.runback');
  const store = openFileStore({ dir, clock: systemClock, redactor });
  const restores = { plan_max_age: '1d', canary: 1, stop_at: { errors_percent: 5, skipped_percent: 5 }, limits: {} };
  const config = { version: 1, platforms: {}, syncs: {}, backups: { storage: 'backups', jobs: {} }, restores };
  const workspace = { root, stateDir: dir, backupsDir: join(root, 'backups'), runbooksDir: root, config };
  const secret = async () => '';
  const deps = {
    workspace,
    store,
    clock: systemClock,
    redactor,
    environment: {},
    secret,
    actions: library,
    catalog: openCatalog({ dir: workspace.backupsDir, store, clock: systemClock }),
    syncs: openSyncs({ workspace, store, clock: systemClock, secret, redact: (text) => text, environment: {} }),
    openPlatform: async () => {
      throw new Error('no platform');
    },
  };
  const options = { operator: { ask: async () => ({ value: 'yes' }) } };
  const runs = [];
  for (const id of await store.journals('runs')) {
    // A run killed before its first line is whole has done nothing, and is nothing.
    let lines = 0;
    for await (const _ of store.journal('runs', id).read()) lines += 1;
    if (lines > 0) runs.push(id);
  }
  const [first] = runs;
  let view;
  try {
    view =
      first === undefined
        ? await startRun({ runbook: await parseRunbook(text, 'sweep.yml', library), inputs: {}, by: 'maya' }, deps, options)
        : await resumeRun(first, { by: 'maya' }, deps, options);
  } catch (error) {
    if (!String(error.message).includes('is closed')) throw error;
    view = { id: first, state: 'closed already' };
  }
  console.log(JSON.stringify({ run: view.id, state: view.state }));
})();
