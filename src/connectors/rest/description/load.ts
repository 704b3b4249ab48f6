import { resolve } from 'node:path';

import { parseYaml, readYamlText } from '../../../workspace/index.js';
import { descriptionProblems } from './check.js';
import { type Description, descriptionForm } from './form.js';

/** A description that fits its form, and where its parts stand. */
export interface Described {
  readonly says: Description;
  /** `platforms/postbird.yml:17`, for messages about what a part of it says. */
  readonly placeOf: (path: readonly string[]) => string;
}

/** Reads a description. `file`: as runback.yml names it. Throws `file-unreadable` and `file-invalid`. */
export async function loadDescription(folder: string, file: string): Promise<Described> {
  return parseDescription(await readYamlText(resolve(folder, file)), file);
}

/** The same of a text. */
export function parseDescription(text: string, file: string): Described {
  const parsed = parseYaml(text, file, descriptionForm, descriptionProblems);
  return { says: withTimes(parsed.value), placeOf: (path) => `${file}:${String(parsed.at(path).line)}` };
}

/** Nobody writes the fields that say when a record was made, or who wrote last. */
function withTimes(says: Description): Description {
  const objects = Object.entries(says.objects).map(([object, of]) => {
    const kept = new Set([of.created, of.modified?.at, of.modified?.by]);
    const fields = Object.entries(of.fields).map(([name, field]) => [name, kept.has(name) ? { ...field, read_only: true } : field] as const);
    return [object, { ...of, fields: Object.fromEntries(fields) }] as const;
  });
  return { ...says, objects: Object.fromEntries(objects) };
}
