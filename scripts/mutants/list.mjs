import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { root } from './copy.mjs';

/** The deliberate bugs of scripts/mutants/list.yml. */
export async function readList() {
  return parse(await readFile(join(root, 'scripts/mutants/list.yml'), 'utf8'));
}
