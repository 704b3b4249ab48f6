import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whose manners the server has, where services that speak S3 differ. */
export type S3Flavour = 'aws' | 'radosgw' | 'swift' | 's3rver';

export interface S3Options {
  readonly bucket?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly region?: string;
  readonly like?: S3Flavour;
  /** The server's clock. */
  readonly now?: () => Date;
  /** Object lock is on, and versioning with it. `days`: objects without a retention of their own get this one. */
  readonly lock?: boolean | { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number };
  /** The most entries in one page of a listing, whatever is asked for. */
  readonly pageSize?: number;
  /** The least size of a part that is not the last; 5 MiB if not given. */
  readonly minPartBytes?: number;
  /** Each upload that completes is answered with 200 and white space first, and the result after it. */
  readonly completeSlowly?: boolean;
}

export type S3Operation = (typeof OPERATIONS)[number]['name'] | 'Unknown';

export interface S3Request {
  readonly operation: S3Operation;
  readonly method: string;
  /** Decoded; empty where the request is for the bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** By their names in small letters, without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty until all of it has arrived: a fault rule does not see it. */
  readonly body: Buffer;
  /** What was answered; undefined where nothing was. */
  readonly status: number | undefined;
}

/** What was stored at one moment, for answers that are older than they should be. */
export type S3Moment = Readonly<State>;

export type S3Fault =
  /** Nothing is done, and this is answered. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly retryAfter?: string | number }
  /** Cut at the first bytes of the body (at once where there is none): the client is still sending. */
  | { readonly kind: 'cut-sending' }
  /** Cut when all has arrived; nothing is done. */
  | { readonly kind: 'cut-before' }
  /** Done, and cut before the first byte of the answer. */
  | { readonly kind: 'lose-answer' }
  /** Neither done nor answered. */
  | { readonly kind: 'hang' }
  /** Done at once, answered when the promise has settled. */
  | { readonly kind: 'slow'; readonly until: Promise<unknown> }
  /** Done and answered when the promise has settled, even if the client is gone by then. Not after a restart. */
  | { readonly kind: 'late'; readonly until: Promise<unknown> }
  /** 200, white space, then an error: done or not, as `done` says (not, if it is not given). */
  | { readonly kind: 'error-in-200'; readonly code: string; readonly done?: boolean }
  /** The headers promise the whole body; after so many bytes (half of them) the connection is cut. */
  | { readonly kind: 'cut-body'; readonly at?: number }
  /** As `cut-body`, but the rest comes when the promise has settled. */
  | { readonly kind: 'stall-body'; readonly until: Promise<unknown>; readonly at?: number }
  /** One byte of the answer's body (the middle one) is another; what is stored is right. */
  | { readonly kind: 'flip-byte'; readonly at?: number }
  /** A lie: answered as if it were done. */
  | { readonly kind: 'forget' }
  /** A lie: one byte of the body (the middle one) is stored as another, under the ETag of what was sent. */
  | { readonly kind: 'store-changed'; readonly at?: number }
  /** A reading request is answered from what was stored at that moment. */
  | { readonly kind: 'old-answer'; readonly of: S3Moment };

export interface FaultRule {
  /** Asked when the headers have arrived. The rule made first that answers true is taken. */
  readonly when: (request: S3Request) => boolean;
  /** How many requests it meets; 1 if not given. */
  readonly times?: number;
  readonly do: S3Fault;
}

/** An S3-compatible server in this process, on loopback, with one bucket in memory. */
export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** Every request since the start, in the order in which their headers arrived. */
  readonly requests: readonly S3Request[];
  /** What a reader can see, by key. */
  objects(): ReadonlyMap<string, Buffer>;
  /** Everything that is kept, the newest first for each key. Markers are what deleting leaves where versions are kept. */
  versions(): readonly { readonly key: string; readonly versionId: string; readonly marker: boolean; readonly body: Buffer }[];
  /** Multipart uploads neither completed nor aborted. */
  uploads(): readonly { readonly key: string; readonly uploadId: string; readonly parts: number[] }[];
  /** For the fault `old-answer`. */
  moment(): S3Moment;
  /** Answers how to lift the rule. */
  fault(rule: FaultRule): () => void;
  /** Same port, same data. Connections are cut; requests that wait are never done. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where services differ. Amazon S3: as documented. radosgw 16.2: as measured, see the test. Swift 2.30 and s3rver 3.7: conditions on put and
 * on complete, Content-MD5 and the secret as measured; the rest is assumed.
 */
interface Manners {
  readonly conditionsOnPut: 'kept' | 'refused' | 'ignored';
  readonly conditionsOnComplete: 'kept' | 'ignored';
  readonly conditionsOnRead: 'kept' | 'ignored';
  readonly conditionsOnDelete: 'kept' | 'ignored';
  readonly checksDigests: boolean;
  readonly checksSecret: boolean;
  readonly checksRegion: boolean;
  /** Object lock headers are refused without a digest of the body. */
  readonly lockNeedsDigest: boolean;
  /** In listings with `encoding-type=url`. */
  readonly space: '+' | '%20';
  readonly slash: '/' | '%2F';
  /** `If-Match` on put fits only without quotes, and is 412 where there is no object. */
  readonly matchesWithoutQuotes: boolean;
  /** What `bytes=4-2` is answered with, and `bytes=-0`. */
  readonly reversedRange: 'all' | 'refused';
  readonly emptySuffix: 'all' | 'refused';
  /** A multipart upload is completed in the order of the numbers, whatever was asked, and only with all parts that were sent. */
  readonly completesAllParts: boolean;
  /** To complete once more succeeds while the object is what was completed, and is an internal error when it is not. */
  readonly completesAgain: boolean;
  /** Or empty elements, there and in errors. */
  readonly saysTagAndMessage: boolean;
  readonly lastPart: number;
}

const AWS: Manners = {
  conditionsOnPut: 'kept',
  conditionsOnComplete: 'kept',
  conditionsOnRead: 'kept',
  conditionsOnDelete: 'kept',
  checksDigests: true,
  checksSecret: true,
  checksRegion: true,
  lockNeedsDigest: true,
  space: '+',
  slash: '/',
  matchesWithoutQuotes: false,
  reversedRange: 'all',
  emptySuffix: 'refused',
  completesAllParts: false,
  completesAgain: false,
  saysTagAndMessage: true,
  lastPart: 10_000,
};
const OTHERS = { ...AWS, conditionsOnDelete: 'ignored', lockNeedsDigest: false, space: '%20' } as const;
const MANNERS: Record<S3Flavour, Manners> = {
  aws: AWS,
  radosgw: {
    ...OTHERS,
    conditionsOnComplete: 'ignored',
    checksRegion: false,
    slash: '%2F',
    matchesWithoutQuotes: true,
    reversedRange: 'refused',
    emptySuffix: 'all',
    completesAllParts: true,
    completesAgain: true,
    saysTagAndMessage: false,
    lastPart: Infinity,
  },
  swift: { ...OTHERS, conditionsOnPut: 'refused' },
  s3rver: {
    ...OTHERS,
    conditionsOnPut: 'ignored',
    conditionsOnComplete: 'ignored',
    conditionsOnRead: 'ignored',
    checksDigests: false,
    checksSecret: false,
    checksRegion: false,
  },
};

const KIB = 1024;
const MIB = KIB * KIB;
const MAX_PAGE = 1000;
const MAX_KEY_BYTES = KIB;
const MAX_METADATA_BYTES = 2 * KIB;
const MAX_SKEW_MS = 15 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** By their method, by whether they have a key, and by the query parameters that they must and may have. */
const OPERATIONS = [
  { name: 'HeadBucket', method: 'HEAD', key: false, must: [], may: [] },
  { name: 'GetBucketVersioning', method: 'GET', key: false, must: ['versioning'], may: [] },
  { name: 'GetObjectLockConfiguration', method: 'GET', key: false, must: ['object-lock'], may: [] },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    key: false,
    must: ['list-type'],
    may: ['prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type', 'fetch-owner'],
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    key: false,
    must: ['uploads'],
    may: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
  },
  { name: 'PutObject', method: 'PUT', key: true, must: [], may: [] },
  { name: 'GetObject', method: 'GET', key: true, must: [], may: ['versionId'] },
  { name: 'HeadObject', method: 'HEAD', key: true, must: [], may: ['versionId'] },
  { name: 'DeleteObject', method: 'DELETE', key: true, must: [], may: ['versionId'] },
  { name: 'CreateMultipartUpload', method: 'POST', key: true, must: ['uploads'], may: [] },
  { name: 'UploadPart', method: 'PUT', key: true, must: ['partNumber', 'uploadId'], may: [] },
  { name: 'ListParts', method: 'GET', key: true, must: ['uploadId'], may: ['max-parts', 'part-number-marker'] },
  { name: 'CompleteMultipartUpload', method: 'POST', key: true, must: ['uploadId'], may: [] },
  { name: 'AbortMultipartUpload', method: 'DELETE', key: true, must: ['uploadId'], may: [] },
] as const;

const READING: ReadonlySet<string> = new Set([
  'HeadBucket',
  'GetBucketVersioning',
  'GetObjectLockConfiguration',
  'ListObjectsV2',
  'ListMultipartUploads',
  'GetObject',
  'HeadObject',
  'ListParts',
]);

const ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header that you provided is not valid.'],
  BadDigest: [400, 'The Content-MD5 or checksum value that you specified did not match what the server received.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed object size.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key ID that you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidDigest: [400, 'The Content-MD5 or checksum value that you specified is not valid.'],
  InvalidPart: [400, 'One or more of the specified parts could not be found.'],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order.'],
  InvalidRange: [416, 'The requested range is not satisfiable.'],
  InvalidRequest: [400, 'Invalid Request'],
  InvalidURI: [400, 'The specified URI could not be parsed.'],
  KeyTooLongError: [400, 'Your key is too long.'],
  MalformedXML: [400, 'The XML that you provided was not well formed or did not validate against our published schema.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size.'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchUpload: [404, 'The specified multipart upload does not exist.'],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NotImplemented: [501, 'A header or query that you provided implies functionality that is not implemented.'],
  ObjectLockConfigurationNotFoundError: [404, 'Object Lock configuration does not exist for this bucket.'],
  PreconditionFailed: [412, 'At least one of the preconditions that you specified did not hold.'],
  RequestTimeTooSkewed: [403, "The difference between the request time and the server's time is too large."],
  SignatureDoesNotMatch: [403, 'The request signature that the server calculated does not match the signature that you provided.'],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const satisfies Record<string, readonly [number, string]>;

/** An error of the protocol: an answer, not a fault of this server. */
class Refusal extends Error {
  constructor(
    readonly code: keyof typeof ERRORS,
    readonly details: Readonly<Record<string, string | number>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
    message: string = ERRORS[code][1],
  ) {
    super(message);
  }
}

const refusal = (code: keyof typeof ERRORS, message: string, details: Readonly<Record<string, string | number>> = {}): Refusal =>
  new Refusal(code, details, {}, message);

interface Lock {
  readonly mode: string | undefined;
  readonly until: Date | undefined;
  readonly held: boolean;
}

interface Version {
  readonly versionId: string;
  readonly marker: boolean;
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
  /** Given back with the object. */
  readonly headers: Readonly<Record<string, string>>;
  readonly lock: Lock;
}

interface Part {
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
}

interface Upload {
  readonly key: string;
  readonly uploadId: string;
  readonly begun: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly lock: Lock;
  readonly parts: ReadonlyMap<number, Part>;
}

/** What is in the maps never changes, so that a copy of them is all of a moment. */
interface State {
  /** The newest version first. */
  readonly objects: Map<string, readonly Version[]>;
  readonly uploads: Map<string, Upload>;
}

const copyOf = ({ objects, uploads }: State): State => ({ objects: new Map(objects), uploads: new Map(uploads) });

interface Settings extends Required<Omit<S3Options, 'like' | 'pageSize'>> {
  readonly pageSize: number;
  readonly manners: Manners;
  /** Another one each time, in the order of their making. */
  readonly newId: () => string;
}

/** A request as it arrived, before anything of it is believed. */
interface Arrived {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly path: string;
  readonly pairs: readonly (readonly [string, string])[];
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly operation: S3Operation;
}

interface Call extends Arrived {
  readonly requestId: string;
  readonly settings: Settings;
  readonly state: State;
  /** What the client sent. */
  readonly body: Buffer;
  /** What is stored of it: the same, unless a fault says otherwise. */
  readonly stored: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** White space comes before the body, and the length is not said. */
  readonly whiteSpaceFirst?: boolean;
}

const md5 = (data: Buffer): Buffer => createHash('md5').update(data).digest();
const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Everything but letters, digits and `-_.~`, as the documents of signature version 4 say. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/gu, (sign) => `%${sign.codePointAt(0)?.toString(16).toUpperCase()}`);
const encodePath = (path: string): string => path.split('/').map(encode).join('/');

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

// XML

const XML_NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (text: string): string =>
  // S3 writes control characters as references, even those that XML 1.0 does not allow.
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[&<>"\u0000-\u001F\u007F]/gu, (sign) => XML_NAMES[sign] ?? `&#x${sign.codePointAt(0)?.toString(16)};`);
const unescapeXml = (text: string): string =>
  text
    .replaceAll(/&(?:quot|#34|#x22);/giu, '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

const tag = (name: string, ...inner: readonly string[]): string => `<${name}>${inner.join('')}</${name}>`;
const text = (name: string, value: string | number | boolean | undefined): string => (value === undefined ? '' : tag(name, escapeXml(String(value))));

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

function xml(root: string, ...inner: readonly string[]): Answer {
  const body = Buffer.from(`${DECLARATION}<${root} xmlns="${NAMESPACE}">${inner.join('')}</${root}>`);
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({ status, headers, body: Buffer.alloc(0) });

function errorAnswer(
  requestId: string,
  status: number,
  code: string,
  message: string,
  details: Readonly<Record<string, string | number>>,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const inner = [text('Code', code), text('Message', message), ...Object.entries(details).map(([name, value]) => text(name, value))];
  return {
    status,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: Buffer.from(DECLARATION + tag('Error', ...inner, text('RequestId', requestId), text('HostId', 'loopback'))),
  };
}

// What arrives

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const value = (rawHeaders[at + 1] ?? '').trim();
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return headers;
}

function queryOf(search: string): [string, string][] {
  const decode = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '));
  return search
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at === -1 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    });
}

function operationOf(method: string, key: string, query: ReadonlyMap<string, string>): S3Operation {
  const names = [...query.keys()].filter((name) => name !== 'x-id');
  const found = OPERATIONS.find(
    (each) =>
      each.method === method &&
      each.key === (key !== '') &&
      each.must.every((name) => query.has(name)) &&
      names.every((name) => [...each.must, ...each.may].some((known) => known === name)),
  );
  return found?.name ?? 'Unknown';
}

/** Undefined where the address cannot be read. */
function arrived(request: IncomingMessage, bucketName: string): Arrived | undefined {
  const { method = '', url = '' } = request;
  const { authorization, ...headers } = headersOf(request);
  const [rawPath = '', search = ''] = url.split(/\?(.*)/su);
  try {
    const path = decodeURIComponent(rawPath);
    const pairs = queryOf(search);
    const query = new Map(pairs);
    // The bucket is in the path, or in the name of the host as in Amazon's examples.
    const inHost = headers['host']?.startsWith(`${bucketName}.`) === true;
    const [, inPath = '', rest = ''] = /^\/([^/]*)\/?(.*)$/su.exec(path) ?? [];
    const bucket = inHost ? bucketName : inPath;
    const key = inHost ? path.slice(1) : rest;
    return { method, bucket, key, path, pairs, query, headers, authorization, operation: operationOf(method, key, query) };
  } catch {
    return undefined;
  }
}

/** Undefined where the client went away before all had arrived. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return request.complete ? Buffer.concat(chunks) : undefined;
}

// Signature version 4

interface Credential {
  readonly accessKey: string;
  readonly date: string;
  readonly region: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function credentialOf(authorization: string | undefined): Credential {
  if (authorization === undefined) throw new Refusal('AccessDenied');
  if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) {
    throw refusal('InvalidRequest', 'The authorization mechanism that you have provided is not supported. Please use AWS4-HMAC-SHA256.');
  }
  const fields = new Map(
    authorization
      .slice('AWS4-HMAC-SHA256 '.length)
      .split(',')
      .map((field) => field.trim().split(/=(.*)/su) as [string, string]),
  );
  const [accessKey, date, region, service, end, more] = (fields.get('Credential') ?? '').split('/');
  const signature = fields.get('Signature') ?? '';
  const signedHeaders = fields.get('SignedHeaders') ?? '';
  if (!accessKey || !date || !region || service !== 's3' || end !== 'aws4_request' || more !== undefined || !signature || !signedHeaders) {
    throw new Refusal('AuthorizationHeaderMalformed');
  }
  return { accessKey, date, region, signedHeaders: signedHeaders.split(';').toSorted(), signature };
}

/** `20130524T000000Z` */
function requestTime(headers: Readonly<Record<string, string>>): { readonly stamp: string; readonly time: Date } {
  const stamp = headers['x-amz-date'] ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(stamp);
  if (match === null) throw refusal('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  const [, year, month, day, hour, minute, second] = match;
  return { stamp, time: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) };
}

function canonicalRequest({ method, path, pairs, headers }: Arrived, signedHeaders: readonly string[]): string {
  const query = pairs
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a, x], [b, y]) => byBytes(a, b) || byBytes(x, y))
    .map(([name, value]) => `${name}=${value}`);
  return [
    method,
    encodePath(path),
    query.join('&'),
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? '').replaceAll(/ +/gu, ' ')}`),
    '',
    signedHeaders.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
}

function signatureOf(call: Call, { date, region, signedHeaders }: Credential, stamp: string): string {
  const toSign = ['AWS4-HMAC-SHA256', stamp, `${date}/${region}/s3/aws4_request`, sha256(canonicalRequest(call, signedHeaders)).toString('hex')].join(
    '\n',
  );
  const key = [date, region, 's3', 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${call.settings.secretKey}`);
  return hmac(key, toSign).toString('hex');
}

function checkSignedHeaders({ headers }: Call, signed: readonly string[]): void {
  const missing = Object.keys(headers).filter((name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name));
  if (missing.length > 0) {
    throw refusal('AccessDenied', 'There were headers present in the request which were not signed', { HeadersNotSigned: missing.join(', ') });
  }
}

function checkClock({ settings }: Call, { stamp, time }: ReturnType<typeof requestTime>): void {
  const now = settings.now();
  if (Math.abs(now.getTime() - time.getTime()) <= MAX_SKEW_MS) return;
  throw new Refusal('RequestTimeTooSkewed', { RequestTime: stamp, ServerTime: now.toISOString(), MaxAllowedSkewMilliseconds: MAX_SKEW_MS });
}

function checkPayload({ headers, body }: Call): void {
  const declared = headers['x-amz-content-sha256'];
  if (declared === undefined) throw refusal('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  if (declared === 'UNSIGNED-PAYLOAD') return;
  if (declared.startsWith('STREAMING-')) throw new Refusal('NotImplemented', { Header: 'x-amz-content-sha256' });
  if (!/^[\da-f]{64}$/u.test(declared)) {
    throw refusal('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a valid sha256 value.', { ArgumentValue: declared });
  }
  const computed = sha256(body).toString('hex');
  if (computed !== declared) {
    throw new Refusal('XAmzContentSHA256Mismatch', { ClientComputedContentSHA256: declared, S3ComputedContentSHA256: computed });
  }
}

function authenticate(call: Call): void {
  const { accessKey, region, manners } = call.settings;
  const credential = credentialOf(call.authorization);
  const time = requestTime(call.headers);
  if (credential.accessKey !== accessKey) throw new Refusal('InvalidAccessKeyId', { AWSAccessKeyId: credential.accessKey });
  if (manners.checksRegion && credential.region !== region) {
    const message = `The authorization header is malformed; the region '${credential.region}' is wrong; expecting '${region}'`;
    throw refusal('AuthorizationHeaderMalformed', message, { Region: region });
  }
  if (!time.stamp.startsWith(credential.date)) {
    throw refusal('AuthorizationHeaderMalformed', 'The date of the credential is not the date of the request.');
  }
  if (manners.checksSecret) {
    checkClock(call, time);
    checkSignedHeaders(call, credential.signedHeaders);
    const expected = Buffer.from(signatureOf(call, credential, time.stamp));
    const given = Buffer.from(credential.signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Refusal('SignatureDoesNotMatch', {
        AWSAccessKeyId: accessKey,
        SignatureProvided: credential.signature,
        CanonicalRequest: canonicalRequest(call, credential.signedHeaders),
      });
    }
  }
  if (manners.checksDigests) checkPayload(call);
}

// Objects

const versioned = ({ settings }: Call): boolean => settings.lock !== false;

/** What a reader of the key sees. */
function visible({ objects }: State, key: string): Version | undefined {
  const newest = objects.get(key)?.[0];
  return newest?.marker === true ? undefined : newest;
}

function visibleBodies(state: State): Map<string, Buffer> {
  const bodies = new Map<string, Buffer>();
  for (const key of state.objects.keys()) {
    const version = visible(state, key);
    if (version !== undefined) bodies.set(key, version.body);
  }
  return bodies;
}

/** Of the header's value, with its quotes or without. */
const sameTag = (condition: string, etag: string): boolean => condition === '*' || condition.replaceAll('"', '') === etag;

function checkWriteConditions({ headers, state, key, settings }: Call, manners: 'kept' | 'refused' | 'ignored'): void {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (manners === 'ignored' || (ifMatch === undefined && ifNoneMatch === undefined)) return;
  const header = ifNoneMatch === undefined ? 'If-Match' : 'If-None-Match';
  if (manners === 'refused' || (ifNoneMatch !== undefined && ifNoneMatch !== '*')) throw new Refusal('NotImplemented', { Header: header });
  const current = visible(state, key);
  if (ifNoneMatch !== undefined && current !== undefined) throw new Refusal('PreconditionFailed', { Condition: header });
  if (ifMatch === undefined) return;
  const { matchesWithoutQuotes } = settings.manners;
  if (current === undefined && !matchesWithoutQuotes) throw new Refusal('NoSuchKey', { Key: key });
  const same = current !== undefined && (matchesWithoutQuotes ? ifMatch === current.etag : sameTag(ifMatch, current.etag));
  if (!same) throw new Refusal('PreconditionFailed', { Condition: header });
}

function checkDigest(given: string | undefined, computed: Buffer): void {
  if (given === undefined) return;
  const bytes = Buffer.from(given, 'base64');
  if (bytes.length !== computed.length || bytes.toString('base64') !== given) throw new Refusal('InvalidDigest');
  if (!bytes.equals(computed)) throw new Refusal('BadDigest', { ExpectedDigest: given, CalculatedDigest: computed.toString('base64') });
}

function checkDigests({ headers, body, settings }: Call): void {
  if (!settings.manners.checksDigests) return;
  checkDigest(headers['content-md5'], md5(body));
  checkDigest(headers['x-amz-checksum-sha256'], sha256(body));
}

const hasDigest = ({ headers }: Call): boolean => 'content-md5' in headers || 'x-amz-checksum-sha256' in headers;

const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]);

function keptHeaders({ headers }: Call): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => KEPT_HEADERS.has(name) || name.startsWith('x-amz-meta-'));
  const bytes = kept
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .reduce((sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + Buffer.byteLength(value), 0);
  if (bytes > MAX_METADATA_BYTES) throw new Refusal('MetadataTooLarge', { MaxSizeAllowed: MAX_METADATA_BYTES, Size: bytes });
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
}

/** What the headers ask for, or what the bucket gives. */
function lockOf(call: Call): Lock {
  const { headers, settings } = call;
  const mode = headers['x-amz-object-lock-mode'];
  const untilText = headers['x-amz-object-lock-retain-until-date'];
  const hold = headers['x-amz-object-lock-legal-hold'];
  const asked = [mode, untilText, hold].some((value) => value !== undefined);
  if (asked && settings.lock === false) throw refusal('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF') throw refusal('InvalidArgument', 'Legal Hold must be either of ON or OFF');
  if ((mode === undefined) !== (untilText === undefined)) {
    throw refusal('InvalidArgument', 'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  }
  const held = hold === 'ON';
  if (mode === undefined || untilText === undefined) return { ...defaultLock(settings), held };
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw refusal('InvalidArgument', 'Unknown wormMode directive.');
  const until = new Date(untilText);
  if (!(until.getTime() > settings.now().getTime())) throw refusal('InvalidArgument', 'The retain until date must be in the future!');
  return { mode, until, held };
}

const defaultLock = ({ lock, now }: Settings): { mode: string | undefined; until: Date | undefined } =>
  typeof lock === 'boolean' ? { mode: undefined, until: undefined } : { mode: lock.mode, until: new Date(now().getTime() + lock.days * DAY_MS) };

function checkLockDigest(call: Call, lock: Lock): void {
  if (!call.settings.manners.lockNeedsDigest || hasDigest(call) || (lock.mode === undefined && !lock.held)) return;
  throw refusal('InvalidRequest', 'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters');
}

const lockHeaders = ({ mode, until, held }: Lock): Record<string, string> => ({
  ...(mode === undefined ? {} : { 'x-amz-object-lock-mode': mode }),
  ...(until === undefined ? {} : { 'x-amz-object-lock-retain-until-date': until.toISOString() }),
  ...(held ? { 'x-amz-object-lock-legal-hold': 'ON' } : {}),
});

const versionHeader = (call: Call, { versionId }: Version): Record<string, string> => (versioned(call) ? { 'x-amz-version-id': versionId } : {});

function add(call: Call, version: Omit<Version, 'versionId' | 'modified'>): Version {
  const { state, key, settings } = call;
  const added = { ...version, versionId: versioned(call) ? settings.newId() : 'null', modified: settings.now() };
  state.objects.set(key, versioned(call) ? [added, ...(state.objects.get(key) ?? [])] : [added]);
  return added;
}

function putObject(call: Call): Answer {
  const { headers, body, stored, settings } = call;
  checkDigests(call);
  const lock = lockOf(call);
  checkLockDigest(call, lock);
  const kept = keptHeaders(call);
  checkWriteConditions(call, settings.manners.conditionsOnPut);
  const checksum = headers['x-amz-checksum-sha256'];
  const given = checksum === undefined ? {} : { 'x-amz-checksum-sha256': checksum };
  const version = add(call, { marker: false, body: stored, etag: md5(body).toString('hex'), headers: { ...kept, ...given }, lock });
  return empty(200, { etag: `"${version.etag}"`, ...given, ...versionHeader(call, version) });
}

function toRead({ state, key, query }: Call): Version {
  const versionId = query.get('versionId');
  if (versionId !== undefined) {
    const version = state.objects.get(key)?.find((each) => each.versionId === versionId);
    if (version === undefined) throw new Refusal('NoSuchVersion', { Key: key, VersionId: versionId });
    if (version.marker) throw new Refusal('MethodNotAllowed', {}, { 'x-amz-delete-marker': 'true', allow: 'DELETE' });
    return version;
  }
  const version = visible(state, key);
  if (version !== undefined) return version;
  throw new Refusal('NoSuchKey', { Key: key }, state.objects.has(key) ? { 'x-amz-delete-marker': 'true' } : {});
}

/** First and last byte; undefined where all of it is asked for, or something that servers answer with all of it. */
function rangeOf(header: string | undefined, size: number, manners: Manners): readonly [number, number] | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/u.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const reversed = from !== '' && to !== '' && Number(to) < first;
  if (reversed && manners.reversedRange === 'all') return undefined;
  if (from === '' && Number(to) === 0 && manners.emptySuffix === 'all') return [0, size - 1];
  if (reversed || first >= size) throw new Refusal('InvalidRange', { RangeRequested: header ?? '', ActualObjectSize: size });
  return [first, from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)];
}

function readObject(call: Call): Answer {
  const { headers, settings } = call;
  const version = toRead(call);
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  const common = { etag: `"${version.etag}"`, 'last-modified': version.modified.toUTCString(), ...versionHeader(call, version) };
  if (settings.manners.conditionsOnRead === 'kept') {
    if (ifMatch !== undefined && !sameTag(ifMatch, version.etag)) throw new Refusal('PreconditionFailed', { Condition: 'If-Match' });
    if (ifNoneMatch !== undefined && sameTag(ifNoneMatch, version.etag)) return empty(304, common);
  }
  const { 'x-amz-checksum-sha256': checksum, ...kept } = version.headers;
  const sizes = rangeOf(headers['range'], version.body.length, settings.manners);
  const all = {
    ...common,
    ...kept,
    ...lockHeaders(version.lock),
    ...(checksum !== undefined && headers['x-amz-checksum-mode'] === 'ENABLED' && sizes === undefined ? { 'x-amz-checksum-sha256': checksum } : {}),
    'accept-ranges': 'bytes',
  };
  if (sizes === undefined) return { status: 200, headers: all, body: version.body };
  const [first, last] = sizes;
  return {
    status: 206,
    headers: { ...all, 'content-range': `bytes ${first}-${last}/${version.body.length}` },
    body: version.body.subarray(first, last + 1),
  };
}

function deleteObject(call: Call): Answer {
  const { state, key, query, headers, settings } = call;
  const versionId = query.get('versionId');
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && settings.manners.conditionsOnDelete === 'kept') {
    const current = visible(state, key);
    if (!state.objects.has(key)) throw new Refusal('NoSuchKey', { Key: key });
    if (current === undefined || !sameTag(ifMatch, current.etag)) throw new Refusal('PreconditionFailed', { Condition: 'If-Match' });
  }
  if (versionId !== undefined) return deleteVersion(call, versionId);
  if (!versioned(call)) {
    state.objects.delete(key);
    return empty(204);
  }
  const lock = { mode: undefined, until: undefined, held: false };
  const marker = add(call, { marker: true, body: Buffer.alloc(0), etag: '', headers: {}, lock });
  return empty(204, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId });
}

function deleteVersion({ state, key, headers, settings }: Call, versionId: string): Answer {
  const versions = state.objects.get(key) ?? [];
  const version = versions.find((each) => each.versionId === versionId);
  if (version === undefined) return empty(204, { 'x-amz-version-id': versionId });
  const { mode, until, held } = version.lock;
  const retained = until !== undefined && until.getTime() > settings.now().getTime();
  const waived = mode === 'GOVERNANCE' && headers['x-amz-bypass-governance-retention'] === 'true';
  if (held || (retained && !waived)) throw refusal('AccessDenied', 'Access Denied because object protected by object lock.');
  const left = versions.filter((each) => each !== version);
  if (left.length === 0) state.objects.delete(key);
  else state.objects.set(key, left);
  return empty(204, { 'x-amz-version-id': versionId, ...(version.marker ? { 'x-amz-delete-marker': 'true' } : {}) });
}

// Listings

function countOf({ query }: Call, name: string, most: number): number {
  const value = query.get(name);
  if (value === undefined) return most;
  if (!/^\d+$/u.test(value)) throw refusal('InvalidArgument', `Provided ${name} not an integer or within integer range`, { ArgumentName: name });
  return Math.min(Number(value), most);
}

/** How keys are written in the answer. */
function writer({ query, settings }: Call): (key: string) => string {
  const encoding = query.get('encoding-type');
  if (encoding === undefined) return (key) => key;
  if (encoding !== 'url') throw refusal('InvalidArgument', 'Invalid Encoding Method specified in Request', { ArgumentName: 'encoding-type' });
  return (key) => encodePath(key).replaceAll('%20', settings.manners.space).replaceAll('/', settings.manners.slash);
}

const TOKEN = /^after:/u;
const tokenAfter = (name: string): string => Buffer.from(`after:${name}`).toString('base64');

function afterToken(token: string | undefined): string {
  if (token === undefined) return '';
  const name = Buffer.from(token, 'base64').toString();
  if (!TOKEN.test(name)) {
    throw refusal('InvalidArgument', 'The continuation token provided is incorrect', { ArgumentName: 'continuation-token' });
  }
  return name.replace(TOKEN, '');
}

/** The visible keys and the folders of them (`undefined`), in the order of their bytes. */
function entriesOf({ state, query }: Call): [string, Version | undefined][] {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after') ?? '';
  const entries = new Map<string, Version | undefined>();
  for (const key of state.objects.keys()) {
    const version = visible(state, key);
    if (version === undefined || !key.startsWith(prefix) || byBytes(key, startAfter) <= 0) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end === -1) entries.set(key, version);
    else entries.set(key.slice(0, end + delimiter.length), undefined);
  }
  return [...entries].toSorted(([a], [b]) => byBytes(a, b));
}

function listObjects(call: Call): Answer {
  const { query, settings } = call;
  const write = writer(call);
  if (query.get('list-type') !== '2') throw new Refusal('NotImplemented');
  const asked = countOf(call, 'max-keys', MAX_PAGE);
  const token = query.get('continuation-token');
  const after = afterToken(token);
  const left = entriesOf(call).filter(([name]) => byBytes(name, after) > 0);
  const page = left.slice(0, Math.min(asked, settings.pageSize));
  const truncated = page.length > 0 && page.length < left.length;
  const delimiter = query.get('delimiter');
  const startAfter = query.get('start-after');
  return xml(
    'ListBucketResult',
    text('Name', settings.bucket),
    text('Prefix', write(query.get('prefix') ?? '')),
    text('Delimiter', delimiter === undefined ? undefined : write(delimiter)),
    text('StartAfter', startAfter === undefined ? undefined : write(startAfter)),
    text('ContinuationToken', token),
    text('NextContinuationToken', truncated ? tokenAfter(page.at(-1)?.[0] ?? '') : undefined),
    text('KeyCount', page.length),
    text('MaxKeys', asked),
    text('EncodingType', query.get('encoding-type')),
    text('IsTruncated', truncated),
    ...page.map(([name, version]) =>
      version === undefined
        ? ''
        : tag(
            'Contents',
            text('Key', write(name)),
            text('LastModified', version.modified.toISOString()),
            text('ETag', `"${version.etag}"`),
            text('Size', version.body.length),
            text('StorageClass', 'STANDARD'),
          ),
    ),
    ...page.map(([name, version]) => (version === undefined ? tag('CommonPrefixes', text('Prefix', write(name))) : '')),
  );
}

function listUploads(call: Call): Answer {
  const { state, query, settings } = call;
  const write = writer(call);
  const asked = countOf(call, 'max-uploads', MAX_PAGE);
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker');
  const left = [...state.uploads.values()]
    .filter(({ key }) => key.startsWith(query.get('prefix') ?? ''))
    // Their ids are in the order in which they were begun.
    .toSorted((a, b) => byBytes(a.key, b.key) || byBytes(a.uploadId, b.uploadId))
    .filter(({ key, uploadId }) => {
      const order = byBytes(key, keyMarker);
      return order > 0 || (order === 0 && idMarker !== undefined && byBytes(uploadId, idMarker) > 0);
    });
  const page = left.slice(0, Math.min(asked, settings.pageSize));
  const last = page.length < left.length ? page.at(-1) : undefined;
  return xml(
    'ListMultipartUploadsResult',
    text('Bucket', settings.bucket),
    text('Prefix', write(query.get('prefix') ?? '')),
    text('KeyMarker', write(keyMarker)),
    text('UploadIdMarker', idMarker ?? ''),
    text('NextKeyMarker', last === undefined ? undefined : write(last.key)),
    text('NextUploadIdMarker', last?.uploadId),
    text('EncodingType', query.get('encoding-type')),
    text('MaxUploads', asked),
    text('IsTruncated', last !== undefined),
    ...page.map(({ key, uploadId, begun }) =>
      tag('Upload', text('Key', write(key)), text('UploadId', uploadId), text('StorageClass', 'STANDARD'), text('Initiated', begun.toISOString())),
    ),
  );
}

function listParts(call: Call): Answer {
  const { key, query, settings } = call;
  const upload = uploadOf(call);
  const asked = countOf(call, 'max-parts', MAX_PAGE);
  const marker = countOf(call, 'part-number-marker', Infinity);
  const after = marker === Infinity ? 0 : marker;
  const left = [...upload.parts].filter(([number]) => number > after).toSorted(([a], [b]) => a - b);
  const page = left.slice(0, Math.min(asked, settings.pageSize));
  const truncated = page.length > 0 && page.length < left.length;
  return xml(
    'ListPartsResult',
    text('Bucket', settings.bucket),
    text('Key', key),
    text('UploadId', query.get('uploadId')),
    text('PartNumberMarker', after),
    text('NextPartNumberMarker', page.at(-1)?.[0] ?? 0),
    text('MaxParts', asked),
    text('IsTruncated', truncated),
    ...page.map(([number, part]) =>
      tag(
        'Part',
        text('PartNumber', number),
        text('LastModified', part.modified.toISOString()),
        text('ETag', `"${part.etag}"`),
        text('Size', part.body.length),
      ),
    ),
    text('StorageClass', 'STANDARD'),
  );
}

// Multipart uploads

function uploadOf({ state, key, query }: Call): Upload {
  const uploadId = query.get('uploadId') ?? '';
  const upload = state.uploads.get(uploadId);
  if (upload?.key !== key) throw new Refusal('NoSuchUpload', { UploadId: uploadId });
  return upload;
}

function createUpload(call: Call): Answer {
  const { state, key, settings } = call;
  const uploadId = settings.newId();
  state.uploads.set(uploadId, { key, uploadId, begun: settings.now(), headers: keptHeaders(call), lock: lockOf(call), parts: new Map() });
  return xml('InitiateMultipartUploadResult', text('Bucket', settings.bucket), text('Key', key), text('UploadId', uploadId));
}

function uploadPart(call: Call): Answer {
  const { state, query, body, stored, settings } = call;
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > settings.manners.lastPart) {
    throw refusal('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', { ArgumentName: 'partNumber' });
  }
  checkDigests(call);
  const upload = uploadOf(call);
  checkLockDigest(call, upload.lock);
  const part = { body: stored, etag: md5(body).toString('hex'), modified: settings.now() };
  state.uploads.set(upload.uploadId, { ...upload, parts: new Map(upload.parts).set(number, part) });
  return empty(200, { etag: `"${part.etag}"` });
}

function partsAsked({ body }: Call): { readonly number: number; readonly etag: string }[] {
  const asked = body.toString();
  const parts = [...asked.matchAll(/<Part>(.*?)<\/Part>/gsu)].map(([, part = '']) => ({
    number: Number(/<PartNumber>\s*(\d+)\s*<\/PartNumber>/u.exec(part)?.[1]),
    etag: unescapeXml(/<ETag>\s*(.*?)\s*<\/ETag>/u.exec(part)?.[1] ?? '').replaceAll('"', ''),
  }));
  const whole = /<CompleteMultipartUpload[\s>].*<\/CompleteMultipartUpload>/su.test(asked);
  if (!whole || parts.length === 0 || parts.some(({ number, etag }) => Number.isNaN(number) || etag === '')) throw new Refusal('MalformedXML');
  return parts;
}

type AskedPart = ReturnType<typeof partsAsked>[number];

const tagOfParts = (parts: readonly { readonly etag: string }[]): string =>
  `${md5(Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex')))).toString('hex')}-${parts.length}`;

/** The parts of the upload that were asked for, in their order. */
function partsOf({ settings }: Call, upload: Upload, asked: readonly AskedPart[]): Part[] {
  if (asked.some(({ number }, at) => at > 0 && number <= (asked[at - 1]?.number ?? 0))) throw new Refusal('InvalidPartOrder');
  const { uploadId } = upload;
  if (settings.manners.completesAllParts && asked.length < upload.parts.size) throw new Refusal('InvalidPart', { UploadId: uploadId });
  const parts = asked.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (part?.etag !== etag) throw new Refusal('InvalidPart', { UploadId: uploadId, PartNumber: number, ETag: etag });
    return part;
  });
  const small = parts.findIndex(({ body }, at) => at < parts.length - 1 && body.length < settings.minPartBytes);
  if (small === -1) return parts;
  const sizes = { ProposedSize: parts[small]?.body.length ?? 0, MinSizeAllowed: settings.minPartBytes };
  throw new Refusal('EntityTooSmall', { ...sizes, PartNumber: asked[small]?.number ?? 0 });
}

function completeUpload(call: Call): Answer {
  const { state, query, settings } = call;
  const { completesAllParts, completesAgain, conditionsOnComplete } = settings.manners;
  if (completesAgain && !state.uploads.has(query.get('uploadId') ?? '')) return completedBefore(call);
  const upload = uploadOf(call);
  const asked = partsAsked(call);
  const parts = partsOf(call, upload, completesAllParts ? asked.toSorted((a, b) => a.number - b.number) : asked);
  checkWriteConditions(call, conditionsOnComplete);
  state.uploads.delete(upload.uploadId);
  const body = Buffer.concat(parts.map((part) => part.body));
  return completed(call, add(call, { marker: false, body, etag: tagOfParts(parts), headers: upload.headers, lock: upload.lock }));
}

function completedBefore(call: Call): Answer {
  const current = visible(call.state, call.key);
  if (current?.etag !== tagOfParts(partsAsked(call))) throw new Refusal('InternalError');
  return completed(call, current);
}

function completed(call: Call, version: Version): Answer {
  const { key, settings } = call;
  const answer = xml(
    'CompleteMultipartUploadResult',
    text('Location', `/${settings.bucket}/${encodePath(key)}`),
    text('Bucket', settings.bucket),
    text('Key', key),
    text('ETag', settings.manners.saysTagAndMessage ? `"${version.etag}"` : ''),
  );
  return { ...answer, headers: { ...answer.headers, ...versionHeader(call, version) }, whiteSpaceFirst: settings.completeSlowly };
}

function abortUpload(call: Call): Answer {
  call.state.uploads.delete(uploadOf(call).uploadId);
  return empty(204);
}

// The bucket

function lockConfiguration({ settings: { lock } }: Call): Answer {
  if (lock === false) throw new Refusal('ObjectLockConfigurationNotFoundError');
  const rule = lock === true ? '' : tag('Rule', tag('DefaultRetention', text('Mode', lock.mode), text('Days', lock.days)));
  return xml('ObjectLockConfiguration', text('ObjectLockEnabled', 'Enabled'), rule);
}

const HANDLERS: Record<S3Operation, (call: Call) => Answer> = {
  HeadBucket: ({ settings }) => empty(200, { 'x-amz-bucket-region': settings.region }),
  GetBucketVersioning: (call) => xml('VersioningConfiguration', versioned(call) ? text('Status', 'Enabled') : ''),
  GetObjectLockConfiguration: lockConfiguration,
  ListObjectsV2: listObjects,
  ListMultipartUploads: listUploads,
  PutObject: putObject,
  GetObject: readObject,
  HeadObject: readObject,
  DeleteObject: deleteObject,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
  Unknown: () => {
    throw new Refusal('NotImplemented');
  },
};

function handle(call: Call): Answer {
  authenticate(call);
  if (call.bucket !== call.settings.bucket) throw new Refusal('NoSuchBucket', { BucketName: call.bucket });
  if (Buffer.byteLength(call.key) > MAX_KEY_BYTES) throw new Refusal('KeyTooLongError', { MaxSizeAllowed: MAX_KEY_BYTES });
  if (call.method === 'PUT' && !('content-length' in call.headers)) throw new Refusal('MissingContentLength');
  if ('x-amz-copy-source' in call.headers) throw new Refusal('NotImplemented', { Header: 'x-amz-copy-source' });
  return HANDLERS[call.operation](call);
}

function answerTo(call: Call): Answer {
  try {
    return handle(call);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const message = call.settings.manners.saysTagAndMessage ? error.message : '';
    return errorAnswer(call.requestId, ERRORS[error.code][0], error.code, message, error.details, error.headers);
  }
}

// Faults

/** One byte is another: the middle one, unless it is said which. */
function flipped(data: Buffer, at = Math.floor(data.length / 2)): Buffer {
  const other = Buffer.from(data);
  if (at < other.length) other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

/** What the fault makes of the answer, and of what is stored. */
function faultyAnswer(call: Call, fault: S3Fault | undefined): Answer {
  switch (fault?.kind) {
    case 'answer':
      return errorAnswer(
        call.requestId,
        fault.status,
        fault.code,
        'As the test asked for.',
        {},
        fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) },
      );
    case 'error-in-200':
      if (fault.done === true) answerTo(call);
      return { ...errorAnswer(call.requestId, 200, fault.code, 'As the test asked for.', {}), whiteSpaceFirst: true };
    case 'flip-byte': {
      const answer = answerTo(call);
      return { ...answer, body: flipped(answer.body, fault.at) };
    }
    case 'forget':
      return answerTo({ ...call, state: copyOf(call.state) });
    case 'store-changed':
      return answerTo({ ...call, stored: flipped(call.body, fault.at) });
    case 'old-answer':
      if (!READING.has(call.operation)) throw new Error(`${call.operation} does not read: it has no old answer`);
      return answerTo({ ...call, state: copyOf(fault.of) });
    default:
      return answerTo(call);
  }
}

interface Outgoing {
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly withoutBody: boolean;
}

async function send({ response, requestId, withoutBody }: Outgoing, answer: Answer, fault: S3Fault | undefined): Promise<void> {
  const { status, body, whiteSpaceFirst } = answer;
  const lengthless = whiteSpaceFirst === true || status === 204 || status === 304 || (withoutBody && status >= 400);
  response.writeHead(status, {
    ...answer.headers,
    ...(lengthless ? {} : { 'content-length': body.length }),
    'x-amz-request-id': requestId,
    'x-amz-id-2': 'loopback',
    server: 'AmazonS3',
  });
  const at = fault?.kind === 'cut-body' || fault?.kind === 'stall-body' ? (fault.at ?? Math.floor(body.length / 2)) : body.length;
  if (withoutBody || at >= body.length) {
    if (whiteSpaceFirst === true) await inPieces(response, body);
    response.end(withoutBody || whiteSpaceFirst === true ? undefined : body);
    return;
  }
  await new Promise((resolve) => response.write(body.subarray(0, at), resolve));
  if (fault?.kind !== 'stall-body') {
    response.destroy();
    return;
  }
  await fault.until.catch(() => {});
  response.end(body.subarray(at));
}

/** The declaration, white space, and the rest: each leaves on its own. */
async function inPieces(response: ServerResponse, body: Buffer): Promise<void> {
  for (const piece of [DECLARATION, ' ', '\n  ', body.subarray(DECLARATION.length)]) {
    await new Promise((resolve) => response.write(piece, resolve));
  }
}

// The server

type Recorded = { -readonly [Name in keyof S3Request]: S3Request[Name] };

/** Starts a server with one empty bucket on a free port of loopback. */
export async function startS3(options: S3Options = {}): Promise<S3Server> {
  const { like = 'aws', pageSize = MAX_PAGE } = options;
  let made = 0;
  const settings: Settings = {
    bucket: 'backups',
    accessKey: 'AKIDLOOPBACK',
    secretKey: 'a-secret-for-loopback-only',
    region: 'us-east-1',
    now: () => new Date(),
    lock: false,
    minPartBytes: 5 * MIB,
    completeSlowly: false,
    ...options,
    pageSize,
    manners: MANNERS[like],
    newId: () => `id-${String((made += 1)).padStart(8, '0')}`,
  };
  const state: State = { objects: new Map(), uploads: new Map() };
  const requests: Recorded[] = [];
  const rules: { readonly rule: FaultRule; left: number }[] = [];
  let life = 0;

  const faultFor = (request: S3Request): S3Fault | undefined => {
    const met = rules.find(({ rule, left }) => left > 0 && rule.when(request));
    if (met === undefined) return undefined;
    met.left -= 1;
    return met.rule.do;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = requests.length.toString(16).toUpperCase().padStart(16, '0');
    const outgoing = { response, requestId, withoutBody: request.method === 'HEAD' };
    const what = arrived(request, settings.bucket);
    if (what === undefined) {
      const [status, message] = ERRORS.InvalidURI;
      await send(outgoing, errorAnswer(requestId, status, 'InvalidURI', message, {}), undefined);
      return;
    }
    const { operation, method, key, query, headers } = what;
    const record: Recorded = { operation, method, key, query, headers, body: Buffer.alloc(0), status: undefined };
    requests.push(record);
    const fault = faultFor(record);
    if (fault?.kind === 'cut-sending') {
      request.once('data', () => request.socket.destroy());
      request.once('end', () => request.socket.destroy());
      return;
    }
    const body = await bodyOf(request);
    if (body === undefined) return;
    record.body = body;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'cut-before') {
      request.socket.destroy();
      return;
    }
    const began = life;
    if (fault?.kind === 'late') await fault.until.catch(() => {});
    if (began !== life) return;
    const answer = faultyAnswer({ ...what, requestId, settings, state, body, stored: body }, fault);
    if (fault?.kind === 'lose-answer') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'slow') await fault.until.catch(() => {});
    if (response.destroyed) return;
    record.status = answer.status;
    await send(outgoing, answer, fault);
  };

  const server = createServer((request, response) => void serve(request, response));
  const open = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      life += 1;
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await open(0);
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: settings.bucket,
    accessKey: settings.accessKey,
    secretKey: settings.secretKey,
    region: settings.region,
    requests,
    objects: () => visibleBodies(state),
    versions: () =>
      [...state.objects].flatMap(([key, versions]) => versions.map(({ versionId, marker, body }) => ({ key, versionId, marker, body }))),
    uploads: () =>
      [...state.uploads.values()].map(({ key, uploadId, parts }) => ({ key, uploadId, parts: [...parts.keys()].toSorted((a, b) => a - b) })),
    moment: () => copyOf(state),
    fault: (rule) => {
      const kept = { rule, left: rule.times ?? 1 };
      rules.push(kept);
      return () => {
        kept.left = 0;
      };
    },
    restart: async () => {
      await shut();
      await open(port);
    },
    close: shut,
  };
}
