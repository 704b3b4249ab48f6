import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { cleanEnv, program } from '../cli/support/child.js';
import { ANSWERS, folderFor } from './support/deps.js';

const run = promisify(execFile);
const page = await readFile(join(import.meta.dirname, '../../docs/drills.md'), 'utf8');
const examples = [...page.matchAll(/^```yaml\n(?<text>[\s\S]*?)^```$/gmu)].map(
  ({ groups }) => parse(groups?.['text'] ?? '') as Record<string, unknown>,
);

interface Step {
  readonly run?: string;
  readonly with?: { readonly path?: string };
}
interface Job {
  readonly steps?: readonly Step[];
  readonly script?: readonly string[];
  readonly artifacts?: { readonly reports: { readonly junit: string } };
}

const github = examples.map((example) => (example['jobs'] as { readonly drills?: Job } | undefined)?.drills).find((job) => job !== undefined);
const gitlab = examples.map((example) => example['drills'] as Job | undefined).find((job) => job !== undefined);
const scripts: readonly (readonly [string, readonly string[], string])[] = [
  [
    'GitHub Actions',
    (github?.steps ?? []).flatMap((step) => step.run ?? []),
    `${github?.steps?.find((step) => step.with?.path)?.with?.path ?? ''}/junit.xml`,
  ],
  ['GitLab', gitlab?.script ?? [], gitlab?.artifacts?.reports.junit ?? ''],
];

describe('the examples of pipelines in docs/drills.md', () => {
  it.each(scripts)('%s: its commands work, and leave what it collects', async (_, lines, collected) => {
    const commands = lines.filter((line) => line.startsWith('runback '));
    expect(commands).toHaveLength(1);
    const folder = await folderFor('pipeline');
    await mkdir(join(folder, 'drills'));
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'runback.yml'), 'version: 1\n');
    const fault = { kind: 'overwrite', object: 'contacts', field: 'firstname', records: 4 };
    const drill = {
      version: 1,
      id: 'one',
      title: 'One',
      where: { local: ['hubspot'], records: 40 },
      fault,
      runbook: 'mass-overwrite',
      answers: ANSWERS,
    };
    await writeFile(join(folder, 'drills', 'one.yml'), JSON.stringify(drill));
    await writeFile(join(folder, 'bin', 'runback'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    await chmod(join(folder, 'bin', 'runback'), 0o755);
    const env = cleanEnv({ CI: 'true' });
    await run('sh', ['-ec', commands[0] ?? ''], { cwd: folder, env: { ...env, PATH: `${join(folder, 'bin')}:${env['PATH'] ?? ''}` } });
    expect(await readFile(join(folder, collected), 'utf8')).toMatch(/<testsuite name="one" tests="\d+" failures="0"/u);
  });
});
