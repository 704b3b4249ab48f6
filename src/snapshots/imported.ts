import { ownValue, parseRecordLine, recordLine, sameForm, sameValue, setOwn, type Fields, type FieldSchema, type Value } from '../records/index.js';
import type { ImportedFrom, ImportedObject, KeyDifference, SnapshotReader } from './types.js';

/** What an import holds of one object type: its fields, of how many. */
export function importedOf({ fields, of, objects = {} }: ImportedFrom, object: string): ImportedObject {
  return ownValue(objects, object) ?? { fields, of };
}

/**
 * Makes the pairs of two snapshots comparable where one was made from a file: of that side, what the file does not hold
 * is as the other side has it, and a value that the file holds in a form of its own (less of a second, other line
 * breaks) is the value of the other side. Nothing is known of the rest, so nothing may differ there.
 */
export async function heldBy(
  a: SnapshotReader,
  b: SnapshotReader,
  platform: string,
  object: string,
): Promise<<T extends Pick<KeyDifference, 'a' | 'b'>>(pair: T) => T> {
  const [inA, inB] = [a, b].map(({ manifest }) => manifest.header.imported !== undefined);
  // Of two files, only what both hold can be compared; that is all that either says of the other.
  if (inA !== true && inB !== true) return (pair) => pair;
  const schema = await (inA === true ? a : b).objectSchema(platform, object);
  const fields = new Map(schema?.fields.map((field) => [field.name, field]));
  return (pair) => {
    if (pair.a === undefined || pair.b === undefined) return pair;
    const left = inA === true ? over(pair.a, pair.b, fields) : pair.a;
    return { ...pair, a: left, b: inB === true ? over(pair.b, left, fields) : pair.b };
  };
}

/** A line of a file laid over that of the other side. */
function over(line: string, other: string, schema: ReadonlyMap<string, FieldSchema>): string {
  const [own, there] = [parseRecordLine(line), parseRecordLine(other)];
  const laid = (values: Fields, beneath: Fields): Fields => {
    const all: Record<string, Value> = { ...beneath };
    for (const [name, value] of Object.entries(values)) {
      const now = ownValue(beneath, name);
      setOwn(all, name, now !== undefined && sameInFile(value, now, schema.get(name)) ? now : value);
    }
    return all;
  };
  return recordLine({ key: own.key, fields: laid(own.fields, there.fields), meta: laid(own.meta, there.meta) });
}

/**
 * True where a value of a file says the same as one of a platform, as far as the file goes: exports cut times to minutes
 * or seconds, and programs change the line breaks and the spaces at the ends of texts.
 */
export function sameInFile(inFile: Value, there: Value, field: FieldSchema | undefined): boolean {
  if (sameValue(inFile, there)) return true;
  if (field !== undefined && sameForm(inFile, there, [field])) return true;
  if (typeof inFile !== 'string' || typeof there !== 'string') return false;
  if (field?.type === 'datetime') return sameUntil(inFile, there);
  return (field?.type === 'string' || field?.type === 'other') && plain(inFile) === plain(there);
}

const MINUTE_MS = 60_000;

function sameUntil(inFile: string, there: string): boolean {
  const [own, other] = [momentOf(inFile), momentOf(there)];
  const cut = own % MINUTE_MS === 0 ? MINUTE_MS : own % 1000 === 0 ? 1000 : 1;
  return Math.floor(own / cut) === Math.floor(other / cut);
}

/** Milliseconds; a time without a zone counts as UTC on both sides. */
function momentOf(text: string): number {
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) || !iso.includes('T') ? iso : `${iso}Z`);
}

function plain(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').normalize('NFC').trim();
}
