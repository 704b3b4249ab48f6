import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { RunbackError } from '../../lib/index.js';
import type { CommandSpec } from '../command.js';
import { facts } from '../views/format.js';

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

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Make a folder a workspace: runback.yml, runbooks/ and backups/',
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
      return {
        data: { root, created: [file] },
        text: (style) =>
          `${style.glyph.done} Workspace made\n${facts(
            [
              ['Folder', root],
              ['Edit', file],
              ['Then', 'runback doctor'],
            ],
            style,
          )}`,
      };
    },
  },
];
