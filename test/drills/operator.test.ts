import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { operate } from '../../src/drills/rehearsal/operator.js';
import { folderFor } from './support/deps.js';

/** A run that comes by the step `apply` twice, each time with another plan. */
const TWICE = `
  const fs = require('node:fs');
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  const { apply } = JSON.parse(fs.readFileSync('answers.yml', 'utf8'));
  say({ type: 'run', run: 'run-1', state: apply === 'sandbox:5' ? 'succeeded' : 'running' });
  const need = (code, expect) => ({ exitCode: 5, error: { code, message: expect, data: { step: 'apply', answer: 'apply', expect } } });
  const first = fs.existsSync('first');
  if (apply === 'sandbox:11') fs.writeFileSync('first', '');
  say(apply === undefined ? need('person-needed', 'sandbox:11') : apply === 'sandbox:5' && first ? { exitCode: 0, data: { state: 'succeeded' } } : need('confirmation-wrong', 'sandbox:5'));
  process.exitCode = apply === 'sandbox:5' && first ? 0 : 5;`;

it('a step that is visited again with another plan is confirmed again, with what that plan asks for', async () => {
  const folder = await folderFor('operator');
  await writeFile(join(folder, 'program.cjs'), TWICE);
  const report = await operate(
    { command: [process.execPath, join(folder, 'program.cjs')], environment: process.env, signal: new AbortController().signal },
    {
      folder,
      as: 'maya',
      variables: {},
      runbook: 'mass-overwrite',
      inputs: {},
      answers: {},
      resumes: 0,
      step: () => undefined,
      mend: () => Promise.resolve(false),
    },
  );
  expect(report).toMatchObject({ run: 'run-1', state: 'succeeded', status: 0, resumes: 0 });
});
