import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './copy.mjs';

const PAGE = join(root, 'docs/mutants.md');
const BEGIN = '<!-- drills:mutants -->';
const END = '<!-- /drills:mutants -->';

/** Writes the table of the deliberate bugs into docs/mutants.md, with the drill and the checks that caught each. */
export async function writeTable(mutants, found) {
  const text = await readFile(PAGE, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest.split(END);
  const rows = mutants.map(({ id, area, breaks }) => {
    const [{ drill, checks }] = found.get(id).by;
    return `| \`${id}\` | ${area} | ${breaks} | \`${drill}\` | ${checks.map((check) => `\`${check}\``).join(', ')} |`;
  });
  const table = ['| mutant | area | what it breaks | caught by | failed check |', '| --- | --- | --- | --- | --- |', ...rows];
  await writeFile(PAGE, `${before}${BEGIN}\n\n${table.join('\n')}\n\n${END}${after}`);
}
