import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { type CallOptions, fromFileSystem, inOrder, makeFolders, RunbackError } from '../../../lib/index.js';
import type { StoredFile } from '../storage.js';
import { codeOf, type S3Client } from './client.js';
import { objectFile } from './object.js';
import { textIn, textsIn } from './xml.js';

/** S3 takes no smaller part but the last, and no more of them. */
const PART_BYTES = 8 << 20;
const MOST_PARTS = 10_000;
/** Parts on their way at once: as many are in memory. */
const PARTS_AT_ONCE = 3;

/** How far the upload of one file has come; lies on this machine as long as it is not done. */
export interface UploadState {
  readonly version: 1;
  /** Where the object is to be: a key that nothing else has. */
  readonly key: string;
  /** Of a multipart upload that was begun. */
  readonly uploadId?: string;
  /** What it is to take the place of: the tag of that one's marker, and its key. */
  readonly replaces?: { readonly tag: string; readonly key: string };
}

/** What an upload is done with. */
export interface UploadDeps {
  readonly client: S3Client;
  /** File that keeps the {@link UploadState}. */
  readonly statePath: string;
  /** Headers that the object is made with. */
  readonly headers: Readonly<Record<string, string>>;
  /** For tests: bytes of a part. */
  readonly partBytes?: number;
}

/**
 * Stores a file of this machine under the key of `state`, and reads it back: only then is it said to be there. What a
 * killed process had sent already is not sent again. Gives the SHA-256 of the file.
 *
 * Throws `file-unreadable` where the storage does not give back what it was given, and what the client throws.
 */
export async function upload(file: StoredFile, state: UploadState, deps: UploadDeps, call: CallOptions): Promise<string> {
  const partBytes = Math.max(deps.partBytes ?? PART_BYTES, Math.ceil(file.bytes / MOST_PARTS));
  if (file.bytes <= partBytes) await putWhole(file, state.key, deps, call);
  else {
    await putParts(file, state, partBytes, deps, call);
    // Others that were begun for it: the answer of a first one may have been lost.
    await endUploads(deps.client, state.key, call);
  }
  const { client } = deps;
  const there = objectFile(client, { key: state.key, bytes: file.bytes }, `${client.place.bucket}/${state.key}`, call);
  const [sent, stored] = [await digestOf(file, call), await digestOf(there, call)];
  if (sent === stored) return sent;
  throw new RunbackError('file-unreadable', `The storage at ${client.place.endpoint} does not give back what it was given`, {
    why: 'It said that everything was stored; read back, the bytes are others.',
    state: 'It is not used, and what was to be stored is still on this machine.',
    next: 'Run the same command again. If it happens again, use another storage.',
  });
}

/** What was noted of an upload; undefined where nothing was, or not whole. */
export async function readState(path: string): Promise<UploadState | undefined> {
  try {
    const state = JSON.parse(await readFile(path, 'utf8')) as Partial<UploadState>;
    return state.version === 1 && typeof state.key === 'string' ? (state as UploadState) : undefined;
  } catch {
    return undefined;
  }
}

/** Notes how far an upload is: the state before, or this one. */
export async function writeState(path: string, state: UploadState): Promise<void> {
  try {
    makeFolders(dirname(path), 0o700);
    await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  } catch (error) {
    await rm(`${path}.new`, { force: true });
    throw fromFileSystem(error, path);
  }
}

/** Gives up what a state tells of: parts that were sent, and the object. Sent twice, it does the same. */
export async function giveUp(client: S3Client, { key, uploadId }: UploadState, call: CallOptions): Promise<void> {
  if (uploadId !== undefined) await client.send({ method: 'DELETE', key, query: { uploadId } }, call);
  await endUploads(client, key, call);
  await client.send({ method: 'DELETE', key }, call);
}

async function putWhole(file: StoredFile, key: string, { client, headers }: UploadDeps, call: CallOptions): Promise<void> {
  expectStored(client, await client.send({ method: 'PUT', key, headers, bytes: await file.read(0, file.bytes) }, call));
}

async function putParts(file: StoredFile, state: UploadState, partBytes: number, deps: UploadDeps, call: CallOptions): Promise<void> {
  const { client } = deps;
  const { key } = state;
  const known = state.uploadId === undefined ? undefined : await sentParts(client, key, state.uploadId, call);
  let { uploadId } = state;
  if (uploadId === undefined || known === undefined) {
    // It may have come to its end, with the answer lost.
    if (uploadId !== undefined && (await isThere(client, key, file.bytes, call))) return;
    uploadId = await begin(deps, key, call);
    await writeState(deps.statePath, { ...state, uploadId });
  }
  const id = uploadId;
  const numbers = Array.from({ length: Math.ceil(file.bytes / partBytes) }, (_, n) => n + 1);
  let done = 0;
  const tags: string[] = [];
  const sent = inOrder(numbers, PARTS_AT_ONCE, async (number) => {
    call.signal?.throwIfAborted();
    const bytes = await file.read((number - 1) * partBytes, partBytes);
    const before = known?.get(number);
    const tag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    if (before?.bytes === bytes.length && before.tag === tag) return { tag, bytes: bytes.length };
    const answer = await client.send({ method: 'PUT', key, query: { partNumber: String(number), uploadId: id }, bytes }, call);
    expectStored(client, answer);
    return { tag: answer.headers['etag'] ?? tag, bytes: bytes.length };
  });
  for await (const { tag, bytes } of sent) {
    tags.push(tag);
    done += bytes;
    call.reporter?.progress({ task: 'Uploading', done: Math.round(done / 1e6), total: Math.round(file.bytes / 1e6), unit: 'MB' });
  }
  const parts = tags.map((tag, n) => `<Part><PartNumber>${String(n + 1)}</PartNumber><ETag>${tag.replaceAll('"', '&quot;')}</ETag></Part>`);
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  const answer = await client.send({ method: 'POST', key, query: { uploadId: id }, bytes: body }, call);
  if (answer.status < 300 && codeOf(answer) === undefined) return;
  // Sent again after its answer was lost: there is no such upload any more, since it is an object now.
  if (codeOf(answer) === 'NoSuchUpload' && (await isThere(client, key, file.bytes, call))) return;
  expectStored(client, answer);
}

async function begin({ client, headers }: UploadDeps, key: string, call: CallOptions): Promise<string> {
  const answer = await client.send({ method: 'POST', key, query: { uploads: '' }, headers }, call);
  expectStored(client, answer);
  const id = textIn(String(answer.body), 'UploadId');
  if (id === undefined) throw refusedBy(client, answer.status, 'no id of the upload was given');
  return id;
}

/** The parts that were sent, by their numbers; undefined where there is no such upload (any more). */
async function sentParts(
  client: S3Client,
  key: string,
  uploadId: string,
  call: CallOptions,
): Promise<ReadonlyMap<number, { readonly tag: string; readonly bytes: number }> | undefined> {
  const parts = new Map<number, { readonly tag: string; readonly bytes: number }>();
  for (let marker = '0'; ;) {
    const answer = await client.send({ method: 'GET', key, query: { uploadId, 'part-number-marker': marker } }, call);
    if (answer.status === 404) return undefined;
    expectStored(client, answer);
    const xml = String(answer.body);
    for (const part of textsIn(xml, 'Part'))
      parts.set(Number(textIn(part, 'PartNumber')), { tag: textIn(part, 'ETag') ?? '', bytes: Number(textIn(part, 'Size')) });
    const next = textIn(xml, 'NextPartNumberMarker');
    if (textIn(xml, 'IsTruncated') !== 'true' || next === undefined || next === marker) return parts;
    marker = next;
  }
}

/** Gives up the uploads that were begun for a key and not ended: what of them was sent would be paid for. */
async function endUploads(client: S3Client, key: string, call: CallOptions): Promise<void> {
  const { prefix } = client.place;
  const whole = prefix === '' ? key : `${prefix}/${key}`;
  const answer = await client.send({ method: 'GET', query: { uploads: '', prefix: whole } }, call);
  if (answer.status >= 300) return;
  for (const one of textsIn(String(answer.body), 'Upload')) {
    const uploadId = textIn(one, 'Key') === whole ? textIn(one, 'UploadId') : undefined;
    if (uploadId !== undefined) await client.send({ method: 'DELETE', key, query: { uploadId } }, call);
  }
}

/** Whether the storage says that there is no such object. */
export async function isGone(client: S3Client, key: string, call: CallOptions): Promise<boolean> {
  return (await client.send({ method: 'GET', key, headers: { range: 'bytes=0-0' }, file: true }, call)).status === 404;
}

async function isThere(client: S3Client, key: string, bytes: number, call: CallOptions): Promise<boolean> {
  const { status, headers } = await client.send({ method: 'GET', key, headers: { range: 'bytes=0-0' }, file: true }, call);
  return status === 206 && headers['content-range']?.endsWith(`/${String(bytes)}`) === true;
}

/** Throws `storage-refused` for an answer by which nothing was stored. */
export function expectStored(client: S3Client, answer: { readonly status: number; readonly body: unknown }): void {
  const text = typeof answer.body === 'string' && answer.body.includes('<Error>') ? answer.body : undefined;
  if (answer.status < 300 && text === undefined) return;
  throw refusedBy(
    client,
    answer.status,
    text === undefined ? 'it gave no reason' : `${textIn(text, 'Code') ?? ''}: ${textIn(text, 'Message') ?? ''}`,
  );
}

/** The error for an answer by which nothing was stored, or nothing is known. */
export function refusedBy(client: S3Client, status: number, why: string): RunbackError {
  const { endpoint, bucket } = client.place;
  return new RunbackError('storage-refused', `The storage at ${endpoint} did not take what was sent to bucket ${bucket}`, {
    why: `It answered ${String(status)} (${why}).`,
    state: 'Snapshots that were stored before are as they were.',
    next: 'Run the same command again; see what it says of the storage: runback doctor',
  });
}

/** SHA-256 of a file, read piece by piece. */
async function digestOf(file: StoredFile, { signal }: CallOptions): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < file.bytes; at += PART_BYTES) {
    signal?.throwIfAborted();
    hash.update(await file.read(at, Math.min(PART_BYTES, file.bytes - at)));
  }
  return hash.digest('hex');
}
