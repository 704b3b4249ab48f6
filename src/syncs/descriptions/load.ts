import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseYaml, readYamlText } from '../../workspace/index.js';
import { controllerProblems } from './check.js';
import { type ControllerDescription, controllerForm } from './form.js';

/** The descriptions that ship with runback. */
const SHIPPED = fileURLToPath(new URL('../../../controllers/', import.meta.url));

/** Names of the shipped descriptions, sorted. */
export async function shippedControllers(): Promise<readonly string[]> {
  const files = await readdir(SHIPPED);
  return files
    .filter((file) => file.endsWith('.yml'))
    .map((file) => basename(file, '.yml'))
    .sort();
}

/** Whether `controller:` of a sync names a file of the workspace. */
export function isControllerFile(kind: string): boolean {
  return kind.endsWith('.yml') || kind.endsWith('.yaml');
}

/**
 * The description that `controller:` of a sync names: a file of the workspace, or one that ships with runback. Undefined where
 * there is none of that name. Throws `file-unreadable` and `file-invalid`.
 */
export async function loadController(kind: string, folder: string): Promise<ControllerDescription | undefined> {
  if (isControllerFile(kind)) return parseController(await readYamlText(resolve(folder, kind)), kind);
  if (!(await shippedControllers()).includes(kind)) return undefined;
  return parseController(await readYamlText(join(SHIPPED, `${kind}.yml`)), `controllers/${kind}.yml`);
}

/** The same of a text. `file`: as people should see it. */
export function parseController(text: string, file: string): ControllerDescription {
  return parseYaml(text, file, controllerForm, controllerProblems).value;
}
