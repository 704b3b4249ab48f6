import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { defined, isRunbackError, messageOf, parseDuration, sha256 } from '../../lib/index.js';
import { parseYaml, readYamlText } from '../../workspace/index.js';
import { mappingProblems } from './check.js';
import { readKind, type ValueKind } from './kinds.js';
import type { Flow, Mapping, MappedField, MatchKey, OnDelete, SideIndex } from './mapping.js';
import { type FieldDocument, type MappingDocument, mappingSchema } from './schema.js';

/** A file of the folder of mappings: read, or why it cannot be. */
export interface MappingFile {
  readonly path: string;
  /** The name of the file without its ending. */
  readonly id: string;
  readonly mapping?: Mapping;
  readonly problem?: string;
  /** What was thrown, with line and column of each problem. */
  readonly error?: unknown;
}

/** Reads and checks one mapping. Throws `file-unreadable`, `file-invalid`. */
export async function loadMapping(path: string): Promise<Mapping> {
  return parseMapping(await readYamlText(path), path);
}

/** Checks the text of a mapping whole. Throws `file-invalid` with every problem: line, column, nearest word. */
export function parseMapping(text: string, file: string): Mapping {
  const yaml = parseYaml(text, file, mappingSchema, mappingProblems);
  const { value: document } = yaml;
  const [left, right] = Object.entries(document.between).map(([name, where]) => {
    const cut = where.indexOf('/');
    return { name, platform: where.slice(0, cut), object: where.slice(cut + 1) };
  });
  if (left === undefined || right === undefined) throw new TypeError('a mapping has two sides');
  const names = [left.name, right.name] as const;
  return {
    id: document.id,
    file,
    digest: sha256(text),
    sides: [left, right],
    match: document.match.map((match) => matchOf(match, names)),
    settleMs: parseDuration(document.settle),
    onDelete: [onDeleteOf(document, left.name), onDeleteOf(document, right.name)],
    inactive: [document.inactive[left.name], document.inactive[right.name]],
    fields: document.fields.map((field) => fieldOf(field, names, document.settle)),
    ...defined({ title: document.title, syncs: document.syncs, creates: document.creates?.map((side) => sideOf(side, names)), note: document.note }),
    place: (path) => yaml.at(path),
  };
}

type Names = readonly [string, string];

function matchOf(match: Readonly<Record<string, unknown>>, sides: Names): MatchKey {
  return { names: namesIn(match, sides), ...defined({ as: kindOf(match['as']) }) };
}

function fieldOf(field: FieldDocument, sides: Names, settle: string): MappedField {
  const { max, type, note, blank, frequency } = field;
  return {
    names: namesIn(field, sides),
    flow: flowOf(field, sides),
    blank,
    settleMs: parseDuration(field.settle ?? settle),
    ...defined({
      as: kindOf(field.as),
      values: pairsOf(field),
      max,
      type,
      note,
      frequencyMs: frequency === undefined ? undefined : parseDuration(frequency),
    }),
  };
}

function namesIn(one: Readonly<Record<string, unknown>>, [left, right]: Names): readonly [string, string] {
  return [String(one[left]), String(one[right])];
}

function flowOf({ authority, two_way, wins }: FieldDocument, sides: Names): Flow {
  if (two_way === undefined) return { kind: 'one-way', from: sideOf(authority, sides) };
  return { kind: 'two-way', reason: two_way, wins: wins === 'newest' || wins === 'person' ? wins : sideOf(wins, sides) };
}

function sideOf(name: string | undefined, sides: Names): SideIndex {
  return name === sides[0] ? 0 : 1;
}

function kindOf(as: unknown): ValueKind | undefined {
  const read = typeof as === 'string' ? readKind(as) : undefined;
  return read === undefined || 'problem' in read ? undefined : read;
}

function pairsOf({ values }: FieldDocument): readonly (readonly [string, string])[] | undefined {
  if (values === undefined) return undefined;
  return Object.entries(values).flatMap(([left, right]) =>
    (Array.isArray(right) ? right : [right]).map((one): readonly [string, string] => [left, one]),
  );
}

function onDeleteOf({ on_delete }: MappingDocument, side: string): OnDelete | undefined {
  return on_delete[side]?.split(' ')[0] as OnDelete | undefined;
}

/** Every mapping of a folder, by name. None where there is no such folder. */
export async function mappingFiles(folder: string): Promise<readonly MappingFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const paths = names
    .filter((name) => /\.ya?ml$/u.test(name))
    .sort()
    .map((name) => join(folder, name));
  return await Promise.all(paths.map(readOne));
}

async function readOne(path: string): Promise<MappingFile> {
  const id = basename(path).replace(/\.ya?ml$/u, '');
  try {
    return { path, id, mapping: await loadMapping(path) };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return { path, id, problem: messageOf(error), error };
  }
}
