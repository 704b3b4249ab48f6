import { access, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeFolders, RunbackError } from '../../lib/index.js';
import { ESCALATION_FILE } from '../flows/escalation-file.js';
import { askInitial, UNASKED, workspaceText } from '../flows/initial.js';
import type { CommandSpec } from '../shell/command.js';
import { writeNew } from '../shell/new-file.js';
import { count, facts } from '../views/text/format.js';

/** Runbooks and the sample escalation.yml that come with the program. */
const SHIPPED = fileURLToPath(new URL('../../../', import.meta.url));

/** Copies the shipped runbooks that are not there yet; gives their paths. */
async function copyRunbooks(to: string): Promise<readonly string[]> {
  const names = await readdir(join(SHIPPED, 'runbooks')).catch(() => []);
  const copied: string[] = [];
  for (const name of names.filter((file) => file.endsWith('.yml')))
    if (await writeNew(join(to, name), await readFile(join(SHIPPED, 'runbooks', name)))) copied.push(join(to, name));
  return copied;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Make a folder a workspace: runback.yml, escalation.yml, runbooks/, backups/',
    details:
      'Existing files are not changed. In a terminal it asks for the platform, where its token is, its account (which it looks up), which object types to take, and what writes to it: tools of syncs and the platform itself are asked which syncs and automations they have, by reading alone. No secret is written, only where it is. Without a terminal it writes a file to fill in.',
    args: [{ name: 'folder', description: 'the folder (default: this one)', optional: true, kind: 'file' }],
    examples: ['runback init', 'runback init ~/incident-response'],
    run: async (context) => {
      const { input, globals, stdio } = context;
      const root = resolve(stdio.cwd, input.argument('folder') ?? globals.workspace ?? '.');
      const file = join(root, 'runback.yml');
      const exists = new RunbackError('usage', `${file} is already there`, { state: 'It was not changed.', next: 'runback doctor' });
      if (await isThere(file)) throw exists;
      const initial = context.interactive ? await askInitial(context, await context.asker('nothing'), root) : UNASKED;
      for (const folder of ['runbooks', 'backups']) makeFolders(join(root, folder));
      const runbooks = await copyRunbooks(join(root, 'runbooks'));
      const escalation = join(root, ESCALATION_FILE);
      const others = (await writeNew(escalation, await readFile(join(SHIPPED, ESCALATION_FILE)))) ? [escalation, ...runbooks] : runbooks;
      // Last, and whole or not at all: a folder with a runback.yml is a workspace, and one that was killed before is
      // made again.
      if (!(await writeNew(file, workspaceText(initial)))) throw exists;
      const created = [file, ...others];
      return {
        data: { root, created },
        text: (style) =>
          `${style.glyph.done} Workspace made\n${facts(
            [
              ['Folder', root],
              ['Edit', file],
              ['Who is paged', `${escalation}: a sample, put your people in`],
              ['Runbooks', `${count(runbooks.length)} copied into runbooks/`],
              ['Then', 'runback doctor, and runback escalation lint'],
            ],
            style,
          )}`,
      };
    },
  },
];
