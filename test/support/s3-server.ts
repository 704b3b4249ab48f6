import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request as the server saw it. */
export interface S3Seen {
  readonly method: string;
  /** Without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What goes wrong, and with which requests. */
export interface S3Fault {
  readonly when: (request: S3Seen) => boolean;
  /** Default: every time. */
  readonly times?: number;
  readonly do:
    | { readonly status: number; readonly code: string }
    /** Gone before it did anything, or after it did it. */
    | 'cut-before'
    | 'lost-answer'
    /** The answer ends in the middle of its body. */
    | 'cut-body'
    /** It says that it stored. */
    | 'store-nothing'
    | 'store-changed'
    /** Lists what was there at a {@link S3Server.moment}. */
    | { readonly listAsOf: readonly string[] };
}

export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly requests: readonly S3Seen[];
  objects(): ReadonlyMap<string, Buffer>;
  /** Uploads in parts that were neither ended nor given up. */
  uploads(): readonly { readonly key: string; readonly uploadId: string; readonly parts: readonly number[] }[];
  /** Headers that an object was made with. */
  headersOf(key: string): Readonly<Record<string, string | undefined>>;
  fault(fault: S3Fault): void;
  /** What is listed now. */
  moment(): readonly string[];
  close(): Promise<void>;
}

export interface S3Options {
  /**
   * Whose ways it has: Amazon's; radosgw, which ignores conditions on the end of an upload; Swift, which knows no
   * conditional put; s3rver, which ignores conditions, checksums and signatures.
   */
  readonly like?: 'aws' | 'radosgw' | 'swift' | 's3rver';
  /** Least bytes of a part that is not the last. Amazon's 5 MiB unless given. */
  readonly minPartBytes?: number;
  /** Most entries of one page of a list. */
  readonly pageSize?: number;
  readonly now?: () => Date;
}

interface Stored {
  readonly bytes: Buffer;
  readonly tag: string;
  readonly headers: S3Seen['headers'];
}

interface Upload {
  readonly key: string;
  readonly headers: S3Seen['headers'];
  readonly parts: Map<number, Stored>;
}

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

const [REGION, BUCKET, ACCESS, SECRET] = ['us-east-1', 'test-bucket', 'AKIDTEST', 'no/secret+at/all'];
const SKEW_MS = 15 * 60_000;
const tagOf = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`;
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/**
 * A server on loopback that speaks S3 as its documents have it: signatures of version 4 are worked out and compared,
 * conditional writes and checksums honoured, uploads in parts, ranges, lists in pages. And it can be made to misbehave.
 */
export async function startS3(options: S3Options = {}): Promise<S3Server> {
  const bucket = new Bucket(options);
  const server = createServer((request, response) => {
    void bucket.answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    region: REGION,
    bucket: BUCKET,
    accessKey: ACCESS,
    secretKey: SECRET,
    requests: bucket.seen,
    objects: () => new Map([...bucket.stored].map(([key, { bytes }]) => [key, bytes])),
    uploads: () => [...bucket.uploads].map(([uploadId, { key, parts }]) => ({ key, uploadId, parts: [...parts.keys()] })),
    headersOf: (key) => bucket.stored.get(key)?.headers ?? {},
    fault: (fault) => void bucket.faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    moment: () => [...bucket.stored.keys()].sort(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

class Bucket {
  readonly stored = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  readonly seen: S3Seen[] = [];
  readonly faults: { readonly fault: S3Fault; left: number }[] = [];
  #ids = 0;

  constructor(private readonly options: S3Options) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, bucket = '', ...path] = url.pathname.split('/');
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
    );
    const seen: S3Seen = { method: request.method ?? '', key: path.map(decodeURIComponent).join('/'), query: url.searchParams, headers };
    this.seen.push(seen);
    const fault = this.#faultOf(seen);
    if (fault === 'cut-before') return void response.destroy();
    let answer: Answer;
    try {
      if (typeof fault === 'object' && 'status' in fault) throw new Refused(fault.status, fault.code);
      this.#authenticate(url, seen, Buffer.concat(chunks));
      if (bucket !== BUCKET) throw new Refused(404, 'NoSuchBucket');
      answer = this.#do(seen, Buffer.concat(chunks), fault);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      answer = {
        status: error.status,
        body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${error.code}</Code><Message>${error.code} happened</Message></Error>`,
      };
    }
    if (fault === 'lost-answer') return void response.destroy();
    const body = Buffer.from(answer.body ?? '');
    response.writeHead(answer.status, { date: this.#now().toUTCString(), 'content-length': String(body.length), ...answer.headers });
    if (fault !== 'cut-body') return void response.end(body);
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  }

  #faultOf(seen: S3Seen): S3Fault['do'] | undefined {
    const found = this.faults.find(({ fault, left }) => left > 0 && fault.when(seen));
    if (found !== undefined) found.left -= 1;
    return found?.fault.do;
  }

  #now(): Date {
    return this.options.now?.() ?? new Date();
  }

  /** Works the signature out as the documents of version 4 say, and compares. */
  #authenticate(url: URL, { method, headers }: S3Seen, body: Buffer): void {
    if (this.options.like === 's3rver') return;
    const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/u;
    const [, access, day = '', region = '', names = '', signature] = form.exec(headers['authorization'] ?? '') ?? [];
    if (signature === undefined) throw new Refused(403, 'AccessDenied');
    if (access !== ACCESS) throw new Refused(403, 'InvalidAccessKeyId');
    if (region !== REGION) throw new Refused(400, 'AuthorizationHeaderMalformed');
    const stamp = headers['x-amz-date'] ?? '';
    const at = Date.parse(stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/u, '$1-$2-$3:$4:$5'));
    if (!(Math.abs(at - this.#now().getTime()) < SKEW_MS)) throw new Refused(403, 'RequestTimeTooSkewed');
    const hash = headers['x-amz-content-sha256'] ?? '';
    if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) throw new Refused(400, 'XAmzContentSHA256Mismatch');
    const encoded = (text: string): string =>
      encodeURIComponent(text).replaceAll(/[!'()*]/gu, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    const path = url.pathname.split('/').map((word) => encoded(decodeURIComponent(word)));
    const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
    const signed = names.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/gu, ' ')}\n`);
    const canonical = [method, path.join('/'), query.join('&'), signed.join(''), names, hash].join('\n');
    const scope = `${day}/${region}/s3/aws4_request`;
    const key = hmac(hmac(hmac(hmac(`AWS4${SECRET}`, day), region), 's3'), 'aws4_request');
    const expected = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')).toString('hex');
    if (expected !== signature) throw new Refused(403, 'SignatureDoesNotMatch');
  }

  #do(seen: S3Seen, body: Buffer, fault: S3Fault['do'] | undefined): Answer {
    const { method, key, query } = seen;
    const uploadId = query.get('uploadId');
    if (key === '')
      return query.has('uploads')
        ? this.#listUploads(query)
        : this.#list(query, typeof fault === 'object' && 'listAsOf' in fault ? fault.listAsOf : undefined);
    if (method === 'POST' && query.has('uploads')) return this.#begin(seen);
    if (uploadId !== null) return this.#ofUpload(uploadId, seen, body);
    if (method === 'PUT') return this.#put(seen, body, fault);
    if (method === 'DELETE') {
      this.stored.delete(key);
      return { status: 204 };
    }
    return this.#get(seen);
  }

  #put({ key, headers }: S3Seen, body: Buffer, fault: S3Fault['do'] | undefined): Answer {
    this.#requireWhole(headers, body);
    const before = this.stored.get(key);
    if (this.options.like === 'swift' && headers['if-none-match'] !== undefined) throw new Refused(501, 'NotImplemented');
    if (this.options.like !== 's3rver') {
      if (headers['if-none-match'] === '*' && before !== undefined) throw new Refused(412, 'PreconditionFailed');
      const match = headers['if-match'];
      if (match !== undefined && before === undefined) throw new Refused(404, 'NoSuchKey');
      if (match !== undefined && before?.tag !== match) throw new Refused(412, 'PreconditionFailed');
    }
    const tag = tagOf(body);
    const kept = Buffer.from(body);
    if (fault === 'store-changed') kept[kept.length >> 1] = (kept[kept.length >> 1] ?? 0) ^ 1;
    if (fault !== 'store-nothing') this.stored.set(key, { bytes: kept, tag, headers });
    return { status: 200, headers: { etag: tag } };
  }

  #get({ key, headers }: S3Seen): Answer {
    const found = this.stored.get(key);
    if (found === undefined) throw new Refused(404, 'NoSuchKey');
    const { bytes, tag } = found;
    const [, from, to] = /^bytes=(\d+)-(\d*)$/u.exec(headers['range'] ?? '') ?? [];
    if (from === undefined) return { status: 200, headers: { etag: tag }, body: bytes };
    if (Number(from) >= bytes.length) throw new Refused(416, 'InvalidRange');
    const last = Math.min(to === undefined || to === '' ? bytes.length - 1 : Number(to), bytes.length - 1);
    return {
      status: 206,
      headers: { etag: tag, 'content-range': `bytes ${from}-${last}/${bytes.length}` },
      body: bytes.subarray(Number(from), last + 1),
    };
  }

  #begin({ key, headers }: S3Seen): Answer {
    const id = `upload+${(this.#ids += 1)}/=`;
    this.uploads.set(id, { key, headers, parts: new Map() });
    return {
      status: 200,
      body: `<InitiateMultipartUploadResult><Key>${escaped(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    };
  }

  #ofUpload(id: string, { method, key, query, headers }: S3Seen, body: Buffer): Answer {
    const upload = this.uploads.get(id);
    if (upload?.key !== key) throw new Refused(404, 'NoSuchUpload');
    if (method === 'DELETE') {
      this.uploads.delete(id);
      return { status: 204 };
    }
    if (method === 'PUT') {
      this.#requireWhole(headers, body);
      upload.parts.set(Number(query.get('partNumber')), { bytes: body, tag: tagOf(body), headers });
      return { status: 200, headers: { etag: tagOf(body) } };
    }
    return method === 'GET' ? this.#listParts(upload, query) : this.#complete(id, upload, body.toString());
  }

  #complete(id: string, { key, headers, parts }: Upload, xml: string): Answer {
    const wanted = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(?:&quot;|")?([^<&"]+)/gu)];
    const chosen = wanted.map(([, number, tag]) => {
      const part = parts.get(Number(number));
      if (part === undefined || part.tag !== `"${String(tag)}"`) throw new Refused(400, 'InvalidPart');
      return part;
    });
    const least = this.options.minPartBytes ?? 5 << 20;
    if (chosen.length === 0) throw new Refused(400, 'MalformedXML');
    if (wanted.some(([, number], n) => n > 0 && Number(number) <= Number(wanted[n - 1]?.[1]))) throw new Refused(400, 'InvalidPartOrder');
    if (chosen.slice(0, -1).some(({ bytes }) => bytes.length < least)) throw new Refused(400, 'EntityTooSmall');
    const bytes = Buffer.concat(chosen.map((part) => part.bytes));
    const tag = `${tagOf(bytes).slice(0, -1)}-${chosen.length}"`;
    this.uploads.delete(id);
    this.stored.set(key, { bytes, tag, headers });
    // White space first: so the connection is kept while the parts are put together.
    return {
      status: 200,
      body: `   <CompleteMultipartUploadResult><Key>${escaped(key)}</Key><ETag>${escaped(tag)}</ETag></CompleteMultipartUploadResult>`,
    };
  }

  #listParts({ parts }: Upload, query: URLSearchParams): Answer {
    const size = this.options.pageSize ?? 1000;
    const numbers = [...parts.keys()].sort((a, b) => a - b).filter((number) => number > Number(query.get('part-number-marker') ?? 0));
    const shown = numbers.slice(0, size).map((number) => {
      const { bytes, tag } = parts.get(number) ?? { bytes: Buffer.alloc(0), tag: '' };
      return `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(tag)}</ETag><Size>${bytes.length}</Size></Part>`;
    });
    const more = numbers.length > size ? `<NextPartNumberMarker>${numbers[size - 1] ?? 0}</NextPartNumberMarker>` : '';
    return { status: 200, body: `<ListPartsResult><IsTruncated>${more !== ''}</IsTruncated>${more}${shown.join('')}</ListPartsResult>` };
  }

  #listUploads(query: URLSearchParams): Answer {
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(query.get('prefix') ?? ''));
    const shown = found.map(([id, { key }]) => `<Upload><Key>${escaped(key)}</Key><UploadId>${id}</UploadId></Upload>`);
    return { status: 200, body: `<ListMultipartUploadsResult>${shown.join('')}</ListMultipartUploadsResult>` };
  }

  #list(query: URLSearchParams, asOf: readonly string[] | undefined): Answer {
    const size = this.options.pageSize ?? 1000;
    const after = query.get('continuation-token') ?? '';
    const keys = (asOf ?? [...this.stored.keys()].sort()).filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after);
    const shown = keys.slice(0, size).map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key><Size>1</Size></Contents>`);
    const more = keys.length > size ? `<NextContinuationToken>${escaped(keys[size - 1] ?? '')}</NextContinuationToken>` : '';
    return { status: 200, body: `<ListBucketResult><IsTruncated>${more !== ''}</IsTruncated>${more}${shown.join('')}</ListBucketResult>` };
  }

  #requireWhole(headers: S3Seen['headers'], body: Buffer): void {
    const md5 = headers['content-md5'];
    if (this.options.like !== 's3rver' && md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5)
      throw new Refused(400, 'BadDigest');
  }
}
