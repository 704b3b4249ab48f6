import { createHash } from 'node:crypto';

/** Entry names of a snapshot. They are only places: the true names stand in the schema entries and the manifest. */

export const HEADER_ENTRY = 'header.json';
export const MANIFEST_ENTRY = 'manifest.json';

/** What the name of an encrypted entry ends in: it is packed by gzip, then encrypted by age. */
export const ENCRYPTED_SUFFIX = '.gz.age';

/** Longest encoded segment, so that unzipping works on every file system. */
const SEGMENT_LIMIT = 180;

/**
 * A platform or object name as one segment of an entry name: everything but ASCII letters, digits, `_`, `-` and `.` is
 * percent-encoded as UTF-8, so two names never share a segment and `~` is free as a separator. A name that is too long
 * ends in a digest of the whole instead. `links` is escaped, since `links.json` has its own meaning beside the schemas.
 */
export function segmentOf(name: string): string {
  if (name === 'links') return '%6Cinks';
  let encoded = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const plain =
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || byte === 0x2d;
    encoded += plain || (byte === 0x2e && encoded !== '') ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (encoded.length <= SEGMENT_LIMIT) return encoded;
  return `${encoded.slice(0, SEGMENT_LIMIT - 34)}%~${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** Where the schema of one object type stands. */
export function schemaEntry(platform: string, object: string): string {
  return `schema/${segmentOf(platform)}/${segmentOf(object)}.json`;
}

/** Where the order of object types and the link schemas of a platform stand. */
export function linkSchemaEntry(platform: string): string {
  return `schema/${segmentOf(platform)}/links.json`;
}

/** Folder of the parts of one object type. */
export function dataFolder(platform: string, object: string): string {
  return `data/${segmentOf(platform)}/${segmentOf(object)}`;
}

/** Folder of the parts of one kind of link. */
export function linkFolder(platform: string, link: { readonly from: string; readonly to: string; readonly kind: string }): string {
  return `links/${segmentOf(platform)}/${segmentOf(link.from)}~${segmentOf(link.to)}~${segmentOf(link.kind)}`;
}

/** Folder of the changes of what is in a folder of parts otherwise. */
export function changesFolder(folder: string): string {
  return `changes-${folder}`;
}

/** Folder of what was there before those changes. */
export function wasFolder(folder: string): string {
  return `was-${folder}`;
}

/** `<from>~<to>~<kind>`: the name under which a kind of link is listed in a manifest. */
export function linkName(link: { readonly from: string; readonly to: string; readonly kind: string }): string {
  return `${link.from}~${link.to}~${link.kind}`;
}

/** Entry name of part `number`, counted from 1. */
export function partEntry(folder: string, number: number): string {
  return `${folder}/${String(number).padStart(5, '0')}.ndjson`;
}

/** The name of an entry in the manifest, and whether its bytes are encrypted. */
export function plainName(name: string): { readonly name: string; readonly encrypted: boolean } {
  // What says that a file is encrypted is not encrypted itself.
  return name.endsWith(ENCRYPTED_SUFFIX) && name !== `${HEADER_ENTRY}${ENCRYPTED_SUFFIX}`
    ? { name: name.slice(0, -ENCRYPTED_SUFFIX.length), encrypted: true }
    : { name, encrypted: false };
}

/** What an entry name can be for the reader. `newer`: a kind of entry this version knows of and cannot read. */
export type EntryKind = 'header' | 'manifest' | 'schema' | 'data' | 'links' | 'changes' | 'folder' | 'newer' | 'unknown' | 'unsafe';

function hasControl(name: string): boolean {
  for (let i = 0; i < name.length; i += 1) if (name.charCodeAt(i) < 0x20 || name.charCodeAt(i) === 0x7f) return true;
  return false;
}

/**
 * Sorts an entry name of an untrusted zip. Only names without any way out of their folder are anything but `unsafe`.
 */
export function kindOfEntry(name: string): EntryKind {
  if (name === '' || name.length > 1024 || name.includes('\\') || hasControl(name) || name.startsWith('/') || /^[A-Za-z]:/.test(name))
    return 'unsafe';
  const segments = name.split('/');
  const folder = segments.at(-1) === '';
  if (folder) segments.pop();
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return 'unsafe';
  if (folder) return 'folder';
  if (name === HEADER_ENTRY) return 'header';
  if (name === MANIFEST_ENTRY) return 'manifest';
  if (name.endsWith('.age') || segments[0] === 'tombstones') return 'newer';
  if (segments[0] === 'schema' && segments.length === 3 && name.endsWith('.json')) return 'schema';
  if (segments.length !== 4 || !/^\d{5,}\.ndjson$/.test(segments[3] ?? '')) return 'unknown';
  if (segments[0] === 'data' || segments[0] === 'links') return segments[0];
  if (/^(?:changes|was)-(?:data|links)$/u.test(segments[0] ?? '')) return 'changes';
  return 'unknown';
}
