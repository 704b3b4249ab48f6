import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFolders, RunbackError } from '../../../lib/index.js';
import { type MappingChoices, parseMapping, proposedText, SURE } from '../../../mappings/index.js';
import { mappingsFolder } from '../../flows/mappings/mapping-files.js';
import { askChoices, pairsOf, readSides, requirePlaces } from '../../flows/mappings/propose.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { writeNew } from '../../shell/new-file.js';
import { counted } from '../../views/text/format.js';
import { visibleLines } from '../../views/text/visible.js';

/** `runback mapping init` */
export const initVerb: CommandSpec = {
  verb: 'init',
  summary: 'Propose a mapping from the fields of both platforms, for you to confirm',
  details:
    'Compares names, labels, types and options of both sides, asks which pairs are right and whose values count, and writes mappings/ID.yml with comments. A file that is there is never changed. Nothing is written to a platform. With --yes, the pairs that are sure are taken, and the first side counts.',
  args: [
    { name: 'first', description: 'one side, as salesforce/Contact' },
    { name: 'second', description: 'the other, as hubspot/contacts' },
  ],
  options: [{ flags: '--id <id>', description: 'id of the mapping, and name of its file (default: from both sides)' }],
  examples: ['runback mapping init salesforce/Contact hubspot/contacts', 'runback mapping init warehouse/public.people hubspot/contacts --id people'],
  run: init,
};

async function init(context: CommandContext): Promise<Outcome> {
  const { input, session, globals, stdio, style } = context;
  const opened = await session();
  const places = [input.required('first'), input.required('second')] as const;
  requirePlaces(opened, places);
  const id = idOf(input.text('id'), places);
  const file = join(mappingsFolder(opened), `${id}.yml`);
  await requireFree(file);
  const asker = globals.yes ? undefined : await context.asker('--yes');
  const sides = await readSides(context, opened, places);
  const pairs = pairsOf(sides);
  const choices: MappingChoices =
    asker === undefined ? { id, sides, pairs: pairs.filter(({ score }) => score >= SURE), authority: 0 } : await askChoices(asker, sides, pairs, id);
  const text = proposedText(choices);
  const mapping = parseMapping(text, file);
  if (asker !== undefined) {
    stdio.stderr.write(`${style.signs(visibleLines(text))}\n`);
    if (!(await asker.confirm({ message: `Write this to mappings/${id}.yml?`, default: true })))
      return { data: { written: false, text }, text: () => 'Nothing was written.' };
  }
  makeFolders(mappingsFolder(opened));
  if (!(await writeNew(file, text))) throw alreadyThere(file);
  return {
    data: { written: true, file, mapping: mapping.id, fields: mapping.fields.length },
    text: (out) => `${out.glyph.done} ${file}: ${counted(mapping.fields.length, 'fields')}\nNext: runback mapping lint ${id}`,
  };
}

function idOf(given: string | undefined, places: readonly [string, string]): string {
  const id = given ?? places.map((place) => place.toLowerCase().replaceAll(/[^a-z\d]+/gu, '-')).join('-');
  if (/^[a-z][a-z0-9-]*$/u.test(id) && id.length <= 100) return id;
  throw new RunbackError('usage', `"${id}" cannot be the id of a mapping`, {
    why: 'An id has small letters, digits and hyphens, and begins with a letter.',
    state: 'Nothing was started.',
    next: 'Give one with --id contacts',
  });
}

async function requireFree(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined) throw alreadyThere(file);
}

function alreadyThere(file: string): RunbackError {
  return new RunbackError('usage', `${file} is already there`, { state: 'It was not changed.', next: 'Give another name with --id' });
}
