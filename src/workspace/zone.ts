import { join } from 'node:path';

import { z } from 'zod';

import { isRunbackError, isZone, machineZone } from '../lib/index.js';
import { readYamlText } from './load.js';
import { parseYaml } from './yaml.js';

const FILE = 'escalation.yml';
/** Whatever else is wrong in the file is for whoever pages people: a time is read all the same. */
const loose = z.looseObject({ timezone: z.string().default('UTC') });

/**
 * The zone of the times that people type in a workspace: `timezone` of its escalation.yml, or that of this machine
 * where it has no such file. Undefined where the file is there and cannot be read: then nobody knows what a time
 * without a zone means.
 */
export async function zoneOfWorkspace(root: string): Promise<string | undefined> {
  try {
    const { value } = parseYaml(await readYamlText(join(root, FILE)), FILE, loose);
    return isZone(value.timezone) ? value.timezone : undefined;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const { cause } = error;
    return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? machineZone() : undefined;
  }
}
