// A run in a process of its own that needs two signed approvals, which are kept already: for crash sweeps. Starts the
// run that is there, or resumes it. Arguments: root folder, JSON with the policy and the approvals.
'use strict';
const { appendFileSync, mkdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const { built } = require('./built.cjs');
const { z } = built('zod');
const { Redactor, systemClock } = built('lib');
const { openFileStore } = built('store');
const { openSyncs } = built('syncs');
const { addApproval, parseRunbook, resumeRun, startRun } = built('runbooks');
const { defineAction } = built('action');

const [, , root, given] = process.argv;
void (async () => {
  const { file, blocks } = JSON.parse(readFileSync(given, 'utf8'));
  mkdirSync(root, { recursive: true });
  const make = defineAction({
    name: 'w.make',
    summary: 'make',
    input: z.strictObject({}),
    outputs: { approvals: 'string' },
    effect: 'idempotent',
    manual: () => ['make'],
    run: async (_, { run }) => {
      const approvals = run.approvals.map(({ by, authenticated }) => `${by} ${authenticated}`).join(', ');
      appendFileSync(join(root, 'effects.log'), `${approvals}\n`);
      return { approvals };
    },
  });
  const library = { names: ['w.make'], load: async () => make };
  const text = `version: 1
id: sweep
title: A sweep
steps:
  - { id: allow, title: Allow, approve: { authority: approve-restore, of: "${blocks[0].payload.of}" } }
  - { id: make, title: Make, action: w.make }
`;
  const store = openFileStore({ dir: join(root, '.runback'), clock: systemClock, redactor: new Redactor() });
  const deps = { store, clock: systemClock, actions: library, approvals: { file, grantsOf: async () => [] } };
  deps.workspace = { root, stateDir: join(root, '.runback'), config: { platforms: {}, syncs: {}, restores: { limits: {} } } };
  deps.syncs = openSyncs({ ...deps, secret: async () => '', redact: (text) => text, environment: {} });
  const runs = [];
  for (const id of await store.journals('runs')) {
    // A run killed before its first line is whole has done nothing, and is nothing.
    let lines = 0;
    for await (const _ of store.journal('runs', id).read()) lines += 1;
    if (lines > 0) runs.push(id);
  }
  for (const block of blocks) await addApproval(store, block);
  const [first] = runs;
  let view;
  try {
    view =
      first === undefined
        ? await startRun({ runbook: await parseRunbook(text, 'sweep.yml', library), inputs: {}, by: 'maya' }, deps)
        : await resumeRun(first, { by: 'maya' }, deps);
  } catch (error) {
    if (!String(error.message).includes('is closed')) throw error;
    view = { id: first, state: 'closed already' };
  }
  console.log(JSON.stringify({ run: view.id, state: view.state }));
})();
