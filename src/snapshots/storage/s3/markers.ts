import { randomBytes } from 'node:crypto';

import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { S3Client } from './client.js';
import type { StoredObject } from './object.js';
import { CONDITION_FAILED } from './probe.js';
import { expectStored, refusedBy } from './upload.js';
import { textIn, textsIn } from './xml.js';

const FOLDER = 'index/';
const SUFFIX = '.json';
const keyOf = (name: string): string => `${FOLDER}${name}${SUFFIX}`;

/** Says that a snapshot is there, and which object it is. It appears in one go, and is the snapshot as far as anybody sees. */
export interface Marker extends StoredObject {
  readonly version: 1;
  /** Of the file. */
  readonly name: string;
  /** Of its bytes. */
  readonly sha256: string;
  /** Random text by which it is another one than before, though it says the same: see {@link outdate}. */
  readonly again?: string;
}

/** A marker, and the tag that changes when it is changed. */
export interface FoundMarker {
  readonly marker: Marker;
  readonly tag: string;
}

/** The marker of a name; undefined where there is none. Throws `file-unreadable` for one that is not what was written. */
export async function readMarker(client: S3Client, name: string, call: CallOptions = {}): Promise<FoundMarker | undefined> {
  const { status, headers, body } = await client.send({ method: 'GET', key: keyOf(name), file: true }, call);
  if (status === 404) return undefined;
  const marker = status === 200 && Buffer.isBuffer(body) ? parse(body) : undefined;
  if (marker?.name === name) return { marker, tag: headers['etag'] ?? '' };
  throw new RunbackError('file-unreadable', `${client.place.bucket} does not say where ${name} is`, {
    why: `Its entry ${keyOf(name)} cannot be read (status ${String(status)}).`,
    state: 'Nothing was changed.',
    next: 'Run the same command again. If it stays so, use another snapshot: runback snapshot list',
  });
}

/**
 * Makes a snapshot appear, or puts it in the place of the one whose marker has this tag. Never overwrites anything else.
 * Throws `storage-refused` where another one has that name.
 */
export async function writeMarker(client: S3Client, marker: Marker, replaces: string | undefined, call: CallOptions): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(marker));
  const put = async (headers: Readonly<Record<string, string>>): ReturnType<S3Client['send']> =>
    await client.send({ method: 'PUT', key: keyOf(marker.name), headers, bytes }, call);
  let answer = await put(replaces === undefined ? { 'if-none-match': '*' } : { 'if-match': replaces });
  // Some know a tag only without its quotes, as radosgw does.
  if (replaces !== undefined && CONDITION_FAILED.includes(answer.status)) answer = await put({ 'if-match': replaces.replaceAll('"', '') });
  if (!CONDITION_FAILED.includes(answer.status)) {
    expectStored(client, answer);
    return;
  }
  // Perhaps it is this very one, whose first answer was lost.
  if ((await readMarker(client, marker.name, call))?.marker.key === marker.key) return;
  throw new RunbackError('storage-refused', `There is another ${marker.name} in ${client.place.bucket}`, {
    why: 'Another machine has stored it.',
    state: 'That one was not touched.',
    next: 'Let each workspace have a prefix of its own: backups.storage in runback.yml.',
  });
}

/**
 * Writes a marker once more, so that its tag is another: what is still on its way to take the place of this one, by a request
 * whose answer never came, no longer does. Throws `storage-refused` where it has done so already.
 */
export async function outdate(client: S3Client, { marker, tag }: FoundMarker, call: CallOptions): Promise<void> {
  await writeMarker(client, { ...marker, again: randomBytes(8).toString('hex') }, tag, call);
}

export async function deleteMarker(client: S3Client, name: string, call: CallOptions = {}): Promise<void> {
  expectStored(client, await client.send({ method: 'DELETE', key: keyOf(name) }, call));
}

/** Names that have a marker, as the storage lists them: some list late. */
export async function listMarkers(client: S3Client, call: CallOptions = {}): Promise<readonly string[]> {
  const { prefix } = client.place;
  const begin = `${prefix === '' ? '' : `${prefix}/`}${FOLDER}`;
  const names: string[] = [];
  for (let token: string | undefined; ;) {
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix: begin, ...(token === undefined ? {} : { 'continuation-token': token }) };
    const answer = await client.send({ method: 'GET', query }, call);
    expectStored(client, answer);
    const xml = String(answer.body);
    for (const content of textsIn(xml, 'Contents')) {
      const key = decodeURIComponent((textIn(content, 'Key') ?? '').replaceAll('+', ' '));
      if (key.startsWith(begin) && key.endsWith(SUFFIX)) names.push(key.slice(begin.length, -SUFFIX.length));
    }
    const next = textIn(xml, 'NextContinuationToken');
    if (textIn(xml, 'IsTruncated') !== 'true') return names;
    // Half of a list is none: what builds on another snapshot might be in the rest.
    if (next === undefined || next === token) throw refusedBy(client, answer.status, 'its list has no end');
    token = next;
  }
}

function parse(body: Buffer): Marker | undefined {
  try {
    const marker = JSON.parse(body.toString('utf8')) as Partial<Marker>;
    const whole = marker.version === 1 && typeof marker.name === 'string' && typeof marker.key === 'string' && Number.isSafeInteger(marker.bytes);
    return whole && typeof marker.sha256 === 'string' ? (marker as Marker) : undefined;
  } catch {
    return undefined;
  }
}
