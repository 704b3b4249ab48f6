import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { RunbackError } from '../../lib/index.js';
import type { CommandSpec } from '../command.js';
import { ESCALATION_FILE } from '../escalating.js';
import { count, facts } from '../views/format.js';

const WORKSPACE = `version: 1
# Platforms that hold records. Secrets are never written here: env:, file:, command: or keychain: say where they are.
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox              # production, staging or sandbox; checked against the platform itself
    credentials: { token: env:HUBSPOT_TOKEN }
    objects: [contacts, companies, deals]
syncs: {}
backups:
  storage: backups
  jobs: {}
`;

/** Runbooks and the sample escalation.yml that come with the program. */
const SHIPPED = fileURLToPath(new URL('../../../', import.meta.url));

/** Copies the shipped runbooks that are not there yet; gives their paths. */
async function copyRunbooks(to: string): Promise<readonly string[]> {
  const names = await readdir(join(SHIPPED, 'runbooks')).catch(() => []);
  const copied: string[] = [];
  for (const name of names.filter((file) => file.endsWith('.yml')))
    if (await copyNew(join(SHIPPED, 'runbooks', name), join(to, name))) copied.push(join(to, name));
  return copied;
}

/** Copies a file; false where one is there already, which stays. */
async function copyNew(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Make a folder a workspace: runback.yml, escalation.yml, runbooks/, backups/',
    details: 'Existing files are left as they are.',
    args: [{ name: 'folder', description: 'the folder (default: this one)', optional: true, kind: 'file' }],
    examples: ['runback init', 'runback init ~/incident-response'],
    run: async ({ input, globals, stdio }) => {
      const root = resolve(stdio.cwd, input.argument('folder') ?? globals.workspace ?? '.');
      const file = join(root, 'runback.yml');
      for (const folder of ['runbooks', 'backups']) await mkdir(join(root, folder), { recursive: true });
      try {
        await writeFile(file, WORKSPACE, { flag: 'wx' });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
          throw new RunbackError('usage', `${file} is already there`, { state: 'It was not changed.', next: 'runback doctor', cause: error });
        throw error;
      }
      const runbooks = await copyRunbooks(join(root, 'runbooks'));
      const escalation = join(root, ESCALATION_FILE);
      const created = (await copyNew(join(SHIPPED, ESCALATION_FILE), escalation)) ? [file, escalation, ...runbooks] : [file, ...runbooks];
      return {
        data: { root, created },
        text: (style) =>
          `${style.glyph.done} Workspace made\n${facts(
            [
              ['Folder', root],
              ['Edit', file],
              ['Who is told', `${escalation}: a sample, put your people in`],
              ['Runbooks', `${count(runbooks.length)} copied into runbooks/`],
              ['Then', 'runback doctor, and runback escalation lint'],
            ],
            style,
          )}`,
      };
    },
  },
];
