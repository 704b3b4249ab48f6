import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { radosgw } from '../support/radosgw.js';
import { type FaultRule, type S3Options, type S3Server, startS3 } from '../support/s3-server.js';

// What is sent here is put together by hand, from the documents and not from the server: its verification cannot agree with itself.

interface Sent {
  readonly method?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly region?: string;
  readonly bucket?: string;
  readonly at?: Date;
  /** What the signature is made for, where it is not what is sent. */
  readonly payload?: string;
}

interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** Of an error, whatever its status. */
  readonly code: string | undefined;
}

type Endpoint = Pick<S3Server, 'endpoint' | 'bucket' | 'accessKey' | 'secretKey' | 'region'>;

const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const md5 = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');
const md5Header = (data: string | Buffer): string => createHash('md5').update(data).digest('base64');
const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

function percent(data: string, keep: RegExp): string {
  return [...Buffer.from(data)]
    .map((byte) => (keep.test(String.fromCodePoint(byte)) ? String.fromCodePoint(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`))
    .join('');
}

function raw(server: Pick<S3Server, 'endpoint'>, method: string, path: string, headers: Record<string, string>, body: Buffer): Promise<Received> {
  const { hostname, port } = new URL(server.endpoint);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const all = Buffer.concat(chunks);
        const text = all.toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, text, code: /<Code>(.*?)<\/Code>/u.exec(text)?.[1] });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function send(server: Endpoint, sent: Sent = {}): Promise<Received> {
  const { method = 'GET', key = '', query = {}, accessKey = server.accessKey, secretKey = server.secretKey, region = server.region } = sent;
  const body = Buffer.from(sent.body ?? '');
  const stamp = (sent.at ?? new Date()).toISOString().replaceAll(/[-:]|\.\d+/gu, '');
  const path = `/${sent.bucket ?? server.bucket}${key === '' ? '' : '/'}${percent(key, /[A-Za-z0-9\-._~/]/u)}`;
  const search = Object.keys(query)
    .toSorted()
    .map((name) => `${percent(name, /[A-Za-z0-9\-._~]/u)}=${percent(query[name] ?? '', /[A-Za-z0-9\-._~]/u)}`)
    .join('&');
  const payload = sent.payload ?? hash(body);
  const headers: Record<string, string> = {
    host: new URL(server.endpoint).host,
    'x-amz-content-sha256': payload,
    'x-amz-date': stamp,
    ...sent.headers,
  };
  const names = Object.keys(headers).toSorted();
  const canonical = [method, path, search, ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), payload].join('\n');
  const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const signingKey = mac(mac(mac(mac(`AWS4${secretKey}`, stamp.slice(0, 8)), region), 's3'), 'aws4_request');
  const signature = mac(signingKey, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return raw(server, method, search === '' ? path : `${path}?${search}`, { ...headers, authorization, 'content-length': String(body.length) }, body);
}

const put = (server: Endpoint, key: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Received> =>
  send(server, { method: 'PUT', key, body, headers });
const get = (server: Endpoint, key: string, headers: Record<string, string> = {}): Promise<Received> => send(server, { key, headers });
const list = (server: Endpoint, query: Record<string, string> = {}): Promise<Received> => send(server, { query: { 'list-type': '2', ...query } });
const remove = (server: Endpoint, key: string, query: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Received> =>
  send(server, { method: 'DELETE', key, query, headers });

const all = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gu'))].map(([, value]) => value ?? '');
const one = (text: string, name: string): string => all(text, name)[0] ?? '';

async function begin(server: Endpoint, key: string, headers: Record<string, string> = {}): Promise<string> {
  return one((await send(server, { method: 'POST', key, query: { uploads: '' }, headers })).text, 'UploadId');
}
const part = (server: Endpoint, key: string, uploadId: string, partNumber: number, body: string, headers: Record<string, string> = {}) =>
  send(server, { method: 'PUT', key, query: { partNumber: String(partNumber), uploadId }, body, headers });
const complete = (
  server: Endpoint,
  key: string,
  uploadId: string,
  parts: readonly [number, string][],
  headers: Record<string, string> = {},
  quote = '"',
) => {
  const inner = parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${quote}${etag}${quote}</ETag></Part>`).join('');
  return send(server, {
    method: 'POST',
    key,
    query: { uploadId },
    headers,
    body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</CompleteMultipartUpload>`,
  });
};

const open: S3Server[] = [];
async function start(options: S3Options = {}): Promise<S3Server> {
  const server = await startS3(options);
  open.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

describe('Signatures', () => {
  const EXAMPLE = {
    bucket: 'examplebucket',
    accessKey: 'AKIAIOSFODNN7EXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
    now: () => new Date('2013-05-24T00:00:00Z'),
  };
  const NOTHING = hash('');
  const documented = (signedHeaders: string, signature: string): string =>
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;

  it("takes Amazon's published examples, and neither with one digit changed", async () => {
    const server = await start(EXAMPLE);
    const write = (signature: string): Promise<Received> =>
      raw(
        server,
        'PUT',
        '/test%24file.text',
        {
          host: 'examplebucket.s3.amazonaws.com',
          date: 'Fri, 24 May 2013 00:00:00 GMT',
          'x-amz-date': '20130524T000000Z',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
          'content-length': '21',
          authorization: documented('date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class', signature),
        },
        Buffer.from('Welcome to Amazon S3.'),
      );
    const read = (signature: string): Promise<Received> =>
      raw(
        server,
        'GET',
        '/test.txt',
        {
          host: 'examplebucket.s3.amazonaws.com',
          range: 'bytes=0-9',
          'x-amz-content-sha256': NOTHING,
          'x-amz-date': '20130524T000000Z',
          authorization: documented('host;range;x-amz-content-sha256;x-amz-date', signature),
        },
        Buffer.alloc(0),
      );

    await send(server, { method: 'PUT', key: 'test.txt', body: 'ten bytes, and more', at: EXAMPLE.now() });
    const example = await read('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
    expect([example.status, example.text]).toEqual([206, 'ten bytes,']);
    expect((await write('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd')).status).toBe(200);
    expect(server.objects().get('test$file.text')?.toString()).toBe('Welcome to Amazon S3.');

    expect((await read('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb42')).code).toBe('SignatureDoesNotMatch');
    expect((await write('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108be')).code).toBe('SignatureDoesNotMatch');
  });

  it('refuses what is signed wrongly, with the code that says how', async () => {
    const now = new Date('2026-11-28T12:00:00Z');
    const server = await start({ now: () => now, region: 'eu-central-1' });
    const at = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
    const refused = async (sent: Sent): Promise<unknown[]> => {
      const { status, code } = await send(server, { method: 'PUT', key: 'a', body: 'text', at: now, ...sent });
      return [status, code];
    };

    expect(await refused({ secretKey: 'another' })).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await refused({ accessKey: 'ANOTHER' })).toEqual([403, 'InvalidAccessKeyId']);
    expect(await refused({ at: at(15.1) })).toEqual([403, 'RequestTimeTooSkewed']);
    expect(await refused({ at: at(-15.1) })).toEqual([403, 'RequestTimeTooSkewed']);
    expect(await refused({ region: 'us-east-1' })).toEqual([400, 'AuthorizationHeaderMalformed']);
    expect(await refused({ payload: hash('something else') })).toEqual([400, 'XAmzContentSHA256Mismatch']);
    expect(await refused({ payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' })).toEqual([501, 'NotImplemented']);
    expect(await refused({ payload: 'nonsense' })).toEqual([400, 'InvalidArgument']);
    expect(server.objects().size).toBe(0);

    expect((await send(server, { method: 'PUT', key: 'a', body: 'text', at: at(14), payload: 'UNSIGNED-PAYLOAD' })).status).toBe(200);
  });

  it('refuses requests without a signature, and headers that are not signed', async () => {
    const server = await start();
    const nothing = Buffer.alloc(0);
    expect((await raw(server, 'GET', `/${server.bucket}/a`, {}, nothing)).code).toBe('AccessDenied');
    expect((await raw(server, 'GET', `/${server.bucket}/a`, { authorization: 'AWS a:b' }, nothing)).code).toBe('InvalidRequest');
    expect((await raw(server, 'GET', `/${server.bucket}/a`, { authorization: 'AWS4-HMAC-SHA256 a' }, nothing)).code).toBe(
      'AuthorizationHeaderMalformed',
    );

    const example = await start(EXAMPLE);
    const unsigned = await raw(
      example,
      'GET',
      '/test.txt',
      {
        host: 'examplebucket.s3.amazonaws.com',
        range: 'bytes=0-9',
        'x-amz-content-sha256': NOTHING,
        'x-amz-date': '20130524T000000Z',
        'x-amz-checksum-mode': 'ENABLED',
        authorization: documented('host;range;x-amz-content-sha256;x-amz-date', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'),
      },
      nothing,
    );
    expect([unsigned.status, unsigned.code]).toEqual([403, 'AccessDenied']);
    expect(unsigned.text).toContain('<HeadersNotSigned>x-amz-checksum-mode</HeadersNotSigned>');
  });

  it('has the same id of the request in the header and in the error, and keeps no signature', async () => {
    const server = await start();
    const missing = await get(server, 'no such');
    expect(missing.headers['x-amz-request-id']).toBe(one(missing.text, 'RequestId'));
    expect(server.requests.map(({ operation, key, status }) => [operation, key, status])).toEqual([['GetObject', 'no such', 404]]);
    expect(Object.keys(server.requests[0]?.headers ?? {})).not.toContain('authorization');
  });
});

describe('Objects', () => {
  it('keeps what is put, with its headers, until it is deleted', async () => {
    const server = await start({ now: () => new Date() });
    const key = "a folder/ümlaut+&'(plus).txt";
    const stored = await put(server, key, 'hello', { 'x-amz-meta-run': '7', 'content-type': 'text/plain' });
    expect([stored.status, stored.headers['etag']]).toEqual([200, `"${md5('hello')}"`]);

    const read = await get(server, key);
    expect(read.text).toBe('hello');
    expect(read.headers).toMatchObject({ 'x-amz-meta-run': '7', 'content-type': 'text/plain', 'content-length': '5', etag: `"${md5('hello')}"` });
    const head = await send(server, { method: 'HEAD', key });
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '5', '']);
    expect(Date.parse(String(head.headers['last-modified']))).not.toBeNaN();

    expect((await remove(server, key)).status).toBe(204);
    expect((await remove(server, key)).status).toBe(204);
    expect((await get(server, key)).code).toBe('NoSuchKey');
    const gone = await send(server, { method: 'HEAD', key });
    expect([gone.status, gone.text]).toEqual([404, '']);
  });

  it('answers ranges, and 416 to those that begin past the end', async () => {
    const server = await start();
    await put(server, 'a', '0123456789');
    await put(server, 'none', '');
    const range = async (header: string, key = 'a'): Promise<unknown[]> => {
      const { status, text, code, headers } = await get(server, key, { range: header });
      return code === undefined ? [status, text, headers['content-range']] : [status, code];
    };
    expect(await range('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
    expect(await range('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10']);
    expect(await range('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10']);
    expect(await range('bytes=-30')).toEqual([206, '0123456789', 'bytes 0-9/10']);
    expect(await range('bytes=8-99')).toEqual([206, '89', 'bytes 8-9/10']);
    expect(await range('bytes=10-')).toEqual([416, 'InvalidRange']);
    expect(await range('bytes=-0')).toEqual([416, 'InvalidRange']);
    expect(await range('bytes=0-', 'none')).toEqual([416, 'InvalidRange']);
    expect(await range('bytes=4-2')).toEqual([200, '0123456789', undefined]);
    expect(await range('bytes=0-1,4-5')).toEqual([200, '0123456789', undefined]);
  });

  it('keeps conditions', async () => {
    const server = await start();
    const status = async (received: Promise<Received>): Promise<unknown[]> => {
      const { status, code } = await received;
      return code === undefined ? [status] : [status, code];
    };
    expect(await status(put(server, 'a', 'one', { 'if-match': md5('one') }))).toEqual([404, 'NoSuchKey']);
    expect(await status(put(server, 'a', 'one', { 'if-none-match': '*' }))).toEqual([200]);
    expect(await status(put(server, 'a', 'two', { 'if-none-match': '*' }))).toEqual([412, 'PreconditionFailed']);
    expect(await status(put(server, 'a', 'two', { 'if-none-match': `"${md5('x')}"` }))).toEqual([501, 'NotImplemented']);
    expect(await status(put(server, 'a', 'two', { 'if-match': `"${md5('x')}"` }))).toEqual([412, 'PreconditionFailed']);
    expect(await status(put(server, 'a', 'two', { 'if-match': `"${md5('one')}"` }))).toEqual([200]);
    expect(await status(get(server, 'a', { 'if-match': `"${md5('one')}"` }))).toEqual([412, 'PreconditionFailed']);
    expect(await status(get(server, 'a', { 'if-match': `"${md5('two')}"` }))).toEqual([200]);
    expect(await status(get(server, 'a', { 'if-none-match': `"${md5('two')}"` }))).toEqual([304]);
    expect(await status(remove(server, 'a', {}, { 'if-match': md5('one') }))).toEqual([412, 'PreconditionFailed']);
    expect(await status(remove(server, 'b', {}, { 'if-match': '*' }))).toEqual([404, 'NoSuchKey']);
    expect(await status(remove(server, 'a', {}, { 'if-match': md5('two') }))).toEqual([204]);
  });

  it('stores nothing whose digest does not fit', async () => {
    const server = await start();
    const refused = async (headers: Record<string, string>): Promise<string | undefined> => (await put(server, 'a', 'text', headers)).code;
    expect(await refused({ 'content-md5': md5Header('other') })).toBe('BadDigest');
    expect(await refused({ 'content-md5': 'short' })).toBe('InvalidDigest');
    expect(await refused({ 'x-amz-checksum-sha256': Buffer.from(hash('other'), 'hex').toString('base64') })).toBe('BadDigest');
    expect(server.objects().size).toBe(0);

    const sum = Buffer.from(hash('text'), 'hex').toString('base64');
    expect((await put(server, 'a', 'text', { 'content-md5': md5Header('text'), 'x-amz-checksum-sha256': sum })).status).toBe(200);
    expect((await get(server, 'a', { 'x-amz-checksum-mode': 'ENABLED' })).headers['x-amz-checksum-sha256']).toBe(sum);
  });

  it('refuses what it does not do, and what goes past its limits', async () => {
    const server = await start();
    const code = async (sent: Sent): Promise<unknown[]> => {
      const received = await send(server, sent);
      return [received.status, received.code];
    };
    expect(await code({ key: 'a', bucket: 'another' })).toEqual([404, 'NoSuchBucket']);
    expect(await code({ method: 'HEAD', bucket: 'another' })).toEqual([404, undefined]);
    expect(await code({ method: 'HEAD' })).toEqual([200, undefined]);
    expect(await code({ key: 'a', query: { acl: '' } })).toEqual([501, 'NotImplemented']);
    expect(await code({ query: { 'list-type': '1' } })).toEqual([501, 'NotImplemented']);
    expect(await code({ method: 'PUT', key: 'a', headers: { 'x-amz-copy-source': '/b/c' } })).toEqual([501, 'NotImplemented']);
    expect(await code({ method: 'PUT', key: 'k'.repeat(1025) })).toEqual([400, 'KeyTooLongError']);
    expect(await code({ method: 'PUT', key: 'a', headers: { 'x-amz-meta-long': 'm'.repeat(2048) } })).toEqual([400, 'MetadataTooLarge']);
    expect((await raw(server, 'GET', '/%E0%A4%A', {}, Buffer.alloc(0))).code).toBe('InvalidURI');
  });
});

describe('Listings', () => {
  it('come in pages in the order of the bytes, pages that may be smaller than asked', async () => {
    const server = await start({ pageSize: 2 });
    // The order of JavaScript's strings would have the last two the other way round.
    const keys = ['a', 'b/1', 'b/2', 'c&<">', '\u{FF61}', '\u{1F600}'];
    for (const key of keys.toReversed()) await put(server, key, key);
    const listed: string[] = [];
    let token: string | undefined;
    do {
      const { text } = await list(server, { 'max-keys': '5', ...(token === undefined ? {} : { 'continuation-token': token }) });
      expect(one(text, 'KeyCount')).toBe('2');
      listed.push(...all(text, 'Key'));
      token = all(text, 'NextContinuationToken')[0];
      expect(one(text, 'IsTruncated')).toBe(String(token !== undefined));
    } while (token !== undefined);
    expect(listed).toEqual(keys.with(3, 'c&amp;&lt;&quot;&gt;'));
    expect((await list(server, { 'continuation-token': 'nonsense' })).code).toBe('InvalidArgument');
  });

  it('know prefixes, folders and encoded keys', async () => {
    const server = await start();
    for (const key of ['a/1', 'a/2', 'a/deep/3', 'b +\u0001', 'b~']) await put(server, key, 'x');
    const folders = await list(server, { prefix: 'a/', delimiter: '/' });
    expect([all(folders.text, 'Key'), all(folders.text, 'CommonPrefixes')]).toEqual([['a/1', 'a/2'], ['<Prefix>a/deep/</Prefix>']]);
    expect(all((await list(server, { prefix: 'b' })).text, 'Key')).toEqual(['b +&#x1;', 'b~']);
    expect(all((await list(server, { prefix: 'b', 'encoding-type': 'url' })).text, 'Key')).toEqual(['b+%2B%01', 'b~']);
    expect(all((await list(server, { 'start-after': 'a/2' })).text, 'Key')).toEqual(['a/deep/3', 'b +&#x1;', 'b~']);
    expect([one((await list(server, { 'max-keys': '0' })).text, 'KeyCount'), (await list(server, { 'max-keys': '-1' })).code]).toEqual([
      '0',
      'InvalidArgument',
    ]);

    const first = await list(server, { delimiter: '/', 'max-keys': '1' });
    expect(one(first.text, 'CommonPrefixes')).toBe('<Prefix>a/</Prefix>');
    const second = await list(server, { delimiter: '/', 'continuation-token': one(first.text, 'NextContinuationToken') });
    expect([all(second.text, 'Key'), all(second.text, 'CommonPrefixes')]).toEqual([['b +&#x1;', 'b~'], []]);
  });
});

describe('Multipart uploads', () => {
  it('make one object of the parts that are named, and are gone then', async () => {
    const server = await start({ minPartBytes: 4 });
    const uploadId = await begin(server, 'big', { 'x-amz-meta-run': '7' });
    expect((await part(server, 'big', uploadId, 2, 'tail')).headers['etag']).toBe(`"${md5('tail')}"`);
    await part(server, 'big', uploadId, 1, 'to be written again');
    await part(server, 'big', uploadId, 1, 'head');
    await part(server, 'big', uploadId, 9, 'not named');
    expect(server.objects().size).toBe(0);
    expect(server.uploads()).toEqual([{ key: 'big', uploadId, parts: [1, 2, 9] }]);
    const parts = await send(server, { key: 'big', query: { uploadId, 'max-parts': '2' } });
    expect([all(parts.text, 'PartNumber'), all(parts.text, 'Size'), one(parts.text, 'NextPartNumberMarker')]).toEqual([['1', '2'], ['4', '4'], '2']);
    const rest = await send(server, { key: 'big', query: { uploadId, 'part-number-marker': '2' } });
    expect([all(rest.text, 'PartNumber'), one(rest.text, 'IsTruncated')]).toEqual([['9'], 'false']);

    const done = await complete(server, 'big', uploadId, [
      [1, md5('head')],
      [2, md5('tail')],
    ]);
    const etag = `${md5(Buffer.from(md5('head') + md5('tail'), 'hex'))}-2`;
    expect([done.status, one(done.text, 'ETag')]).toEqual([200, `&quot;${etag}&quot;`]);
    expect(server.uploads()).toEqual([]);
    const read = await get(server, 'big');
    expect([read.text, read.headers['etag'], read.headers['x-amz-meta-run']]).toEqual(['headtail', `"${etag}"`, '7']);
    expect((await complete(server, 'big', uploadId, [[1, md5('head')]])).code).toBe('NoSuchUpload');
  });

  it('refuse to complete with wrong parts, and stay', async () => {
    const server = await start();
    const uploadId = await begin(server, 'big');
    for (const [number, body] of [
      [1, 'one'],
      [2, 'two'],
    ] as const) {
      await part(server, 'big', uploadId, number, body);
    }
    const refused = async (parts: readonly [number, string][], headers = {}): Promise<string | undefined> =>
      (await complete(server, 'big', uploadId, parts, headers)).code;
    expect(await refused([])).toBe('MalformedXML');
    expect(await refused([[3, md5('one')]])).toBe('InvalidPart');
    expect(await refused([[1, md5('two')]])).toBe('InvalidPart');
    expect(
      await refused([
        [2, md5('two')],
        [1, md5('one')],
      ]),
    ).toBe('InvalidPartOrder');
    expect(
      await refused([
        [1, md5('one')],
        [2, md5('two')],
      ]),
    ).toBe('EntityTooSmall');
    await put(server, 'big', 'there already');
    expect(await refused([[1, md5('one')]], { 'if-none-match': '*' })).toBe('PreconditionFailed');
    expect((await part(server, 'big', uploadId, 10_001, 'x')).code).toBe('InvalidArgument');
    expect((await part(server, 'big', 'no such', 1, 'x')).code).toBe('NoSuchUpload');
    expect((await part(server, 'big', uploadId, 1, 'x', { 'content-md5': md5Header('y') })).code).toBe('BadDigest');

    const other = await begin(server, 'other');
    expect((await part(server, 'big', other, 1, 'x')).code).toBe('NoSuchUpload');
    const listed = await send(server, { query: { uploads: '', prefix: 'b' } });
    expect([all(listed.text, 'Key'), all(listed.text, 'UploadId')]).toEqual([['big'], [uploadId]]);
    const first = await send(server, { query: { uploads: '', 'max-uploads': '1' } });
    expect([one(first.text, 'IsTruncated'), one(first.text, 'NextKeyMarker'), one(first.text, 'NextUploadIdMarker')]).toEqual([
      'true',
      'big',
      uploadId,
    ]);
    const next = await send(server, { query: { uploads: '', 'key-marker': 'big', 'upload-id-marker': uploadId } });
    expect(all(next.text, 'UploadId')).toEqual([other]);

    const abort = { method: 'DELETE', key: 'big', query: { uploadId } };
    expect((await send(server, abort)).status).toBe(204);
    expect((await send(server, abort)).code).toBe('NoSuchUpload');
    expect(server.uploads().map(({ key }) => key)).toEqual(['other']);
    expect(server.objects().get('big')?.toString()).toBe('there already');
  });

  it('may answer 200 and white space first', async () => {
    const server = await start({ completeSlowly: true });
    const uploadId = await begin(server, 'big');
    await part(server, 'big', uploadId, 1, 'one');
    const done = await complete(server, 'big', uploadId, [[1, md5('one')]]);
    expect([done.status, done.headers['content-length']]).toEqual([200, undefined]);
    expect(done.text).toMatch(/^<\?xml [^>]*>\s{3,}<CompleteMultipartUploadResult/u);
  });
});

describe('Object lock', () => {
  const now = new Date('2026-11-28T12:00:00Z');
  const retention = (mode: string): Record<string, string> => ({
    'x-amz-object-lock-mode': mode,
    'x-amz-object-lock-retain-until-date': '2026-12-28T12:00:00Z',
    'content-md5': md5Header('text'),
  });

  it('keeps each version until its time, and deleting only hides it', async () => {
    let time = now;
    const server = await start({ lock: true, now: () => time });
    const at = { at: now };
    const locked = await send(server, { method: 'PUT', key: 'a', body: 'text', headers: retention('COMPLIANCE'), ...at });
    const versionId = String(locked.headers['x-amz-version-id']);
    const hidden = await send(server, { method: 'DELETE', key: 'a', ...at });
    expect([hidden.status, hidden.headers['x-amz-delete-marker']]).toEqual([204, 'true']);
    const gone = await send(server, { key: 'a', ...at });
    expect([gone.code, gone.headers['x-amz-delete-marker']]).toEqual(['NoSuchKey', 'true']);
    expect(server.objects().size).toBe(0);
    const version = await send(server, { key: 'a', query: { versionId }, ...at });
    expect([version.text, version.headers['x-amz-object-lock-mode']]).toEqual(['text', 'COMPLIANCE']);
    expect((await send(server, { key: 'a', query: { versionId: 'no such' }, ...at })).code).toBe('NoSuchVersion');
    const marker = String(hidden.headers['x-amz-version-id']);
    expect((await send(server, { key: 'a', query: { versionId: marker }, ...at })).code).toBe('MethodNotAllowed');

    const erase = { method: 'DELETE', key: 'a', query: { versionId }, headers: { 'x-amz-bypass-governance-retention': 'true' } };
    const refused = await send(server, { ...erase, ...at });
    expect([refused.status, refused.code]).toEqual([403, 'AccessDenied']);
    await send(server, { method: 'DELETE', key: 'a', query: { versionId: marker }, ...at });
    expect([...server.objects().keys()]).toEqual(['a']);
    time = new Date('2026-12-28T12:00:01Z');
    expect((await send(server, { ...erase, at: time })).status).toBe(204);
    expect(server.versions()).toEqual([]);
  });

  it('can be held, waived, given by the bucket, or asked for wrongly', async () => {
    const server = await start({ lock: { mode: 'GOVERNANCE', days: 3 } });
    const future = new Date(Date.now() + 86_400_000).toISOString();
    const digest = { 'content-md5': md5Header('text') };
    const code = async (headers: Record<string, string>): Promise<string | undefined> => (await put(server, 'a', 'text', headers)).code;
    expect(await code({ 'x-amz-object-lock-mode': 'GOVERNANCE', ...digest })).toBe('InvalidArgument');
    expect(await code({ ...retention('GOVERNANCE'), 'x-amz-object-lock-retain-until-date': '2020-01-01T00:00:00Z' })).toBe('InvalidArgument');
    expect(await code({ ...retention('FOREVER'), 'x-amz-object-lock-retain-until-date': future })).toBe('InvalidArgument');
    expect(await code({ 'x-amz-object-lock-legal-hold': 'ON' })).toBe('InvalidRequest');

    const held = await put(server, 'a', 'text', { 'x-amz-object-lock-legal-hold': 'ON', ...digest });
    const given = await put(server, 'a', 'text', digest);
    const erase = (stored: Received, headers: Record<string, string> = {}): Promise<Received> =>
      remove(server, 'a', { versionId: String(stored.headers['x-amz-version-id']) }, headers);
    const waive = { 'x-amz-bypass-governance-retention': 'true' };
    expect([(await erase(held, waive)).code, (await erase(given)).code, (await erase(given, waive)).status]).toEqual([
      'AccessDenied',
      'AccessDenied',
      204,
    ]);
    expect((await send(server, { query: { versioning: '' } })).text).toContain('<Status>Enabled</Status>');
    expect((await send(server, { query: { 'object-lock': '' } })).text).toContain('<Mode>GOVERNANCE</Mode><Days>3</Days>');
  });

  it('is off unless asked for', async () => {
    const server = await start();
    expect((await send(server, { query: { 'object-lock': '' } })).code).toBe('ObjectLockConfigurationNotFoundError');
    expect((await send(server, { query: { versioning: '' } })).text).not.toContain('Status');
    expect((await put(server, 'a', 'text', retention('GOVERNANCE'))).code).toBe('InvalidRequest');
  });
});

describe('Flavours', () => {
  it.each([
    { like: 'aws', put: 412, winners: 1, completed: 412, digest: 400, secret: 403, region: 400 },
    { like: 'radosgw', put: 412, winners: 1, completed: 200, digest: 400, secret: 403, region: 200 },
    { like: 'swift', put: 501, winners: 0, completed: 412, digest: 400, secret: 403, region: 400 },
    { like: 's3rver', put: 200, winners: 8, completed: 200, digest: 200, secret: 200, region: 200 },
  ] as const)('$like', async ({ like, ...expected }) => {
    const server = await start({ like });
    const fresh = { 'if-none-match': '*' };
    const racers = await Promise.all(Array.from({ length: 8 }, (_, at) => put(server, 'race', String(at), fresh)));
    await put(server, 'a', 'there');
    const uploadId = await begin(server, 'a');
    await part(server, 'a', uploadId, 1, 'one');
    expect({
      put: (await put(server, 'a', 'new', fresh)).status,
      winners: racers.filter(({ status }) => status === 200).length,
      completed: (await complete(server, 'a', uploadId, [[1, md5('one')]], fresh)).status,
      digest: (await put(server, 'b', 'text', { 'content-md5': md5Header('other') })).status,
      secret: (await send(server, { method: 'PUT', key: 'c', secretKey: 'another' })).status,
      region: (await send(server, { method: 'PUT', key: 'd', region: 'elsewhere' })).status,
    }).toEqual(expected);
  });

  it("radosgw's own ways with tags, ranges and parts", async () => {
    const server = await start({ like: 'radosgw' });
    await put(server, 'a', 'one');
    expect((await put(server, 'a', 'two', { 'if-match': `"${md5('one')}"` })).code).toBe('PreconditionFailed');
    expect((await put(server, 'a', 'two', { 'if-match': md5('one') })).status).toBe(200);
    expect((await get(server, 'a', { range: 'bytes=2-1' })).code).toBe('InvalidRange');
    expect((await get(server, 'a', { range: 'bytes=-0' })).text).toBe('two');
    expect((await get(server, 'no such')).text).toContain('<Message></Message>');

    const uploadId = await begin(server, 'big');
    for (const at of [1, 2]) await part(server, 'big', uploadId, at, 'x'.repeat(at));
    const finish = (...numbers: number[]): Promise<Received> =>
      complete(
        server,
        'big',
        uploadId,
        numbers.map((at) => [at, md5('x'.repeat(at))]),
      );
    expect((await finish(2)).code).toBe('InvalidPart');
    expect((await finish(2, 1)).code).toBe('EntityTooSmall');
    expect(server.uploads()).toHaveLength(1);
    const other = await begin(server, 'once');
    await part(server, 'once', other, 1, 'x');
    const done = await complete(server, 'once', other, [[1, md5('x')]]);
    expect([done.status, one(done.text, 'ETag')]).toEqual([200, '']);
    expect((await complete(server, 'once', other, [[1, md5('x')]])).status).toBe(200);
    await put(server, 'once', 'written since');
    const again = await complete(server, 'once', other, [[1, md5('x')]]);
    expect([again.status, again.code, server.objects().get('once')?.toString()]).toEqual([500, 'InternalError', 'written since']);
  });
});

describe('Faults', () => {
  const meet = async (rule: Omit<FaultRule, 'when'>, options: S3Options = {}): Promise<S3Server> => {
    const server = await start(options);
    await put(server, 'old', '0123456789');
    server.fault({ when: ({ key, operation }) => key === 'a' || operation === 'ListObjectsV2' || operation === 'GetObject', ...rule });
    return server;
  };
  const cut = /socket hang up|ECONNRESET|aborted/u;

  it('answer errors as often as they are told, or until they are lifted', async () => {
    const server = await meet({ do: { kind: 'answer', status: 503, code: 'SlowDown', retryAfter: 7 }, times: 2 });
    const first = await put(server, 'a', 'text');
    expect([first.status, first.code, first.headers['retry-after']]).toEqual([503, 'SlowDown', '7']);
    expect([(await put(server, 'a', 'text')).status, server.objects().has('a')]).toEqual([503, false]);
    expect([(await put(server, 'a', 'text')).status, server.objects().has('a')]).toEqual([200, true]);

    const lift = server.fault({
      when: ({ method }) => method === 'PUT',
      times: Infinity,
      do: { kind: 'answer', status: 507, code: 'InsufficientStorage' },
    });
    expect((await put(server, 'b', 'text')).code).toBe('InsufficientStorage');
    lift();
    expect((await put(server, 'b', 'text')).status).toBe(200);
  });

  it.each([
    { kind: 'cut-sending', stored: false },
    { kind: 'cut-before', stored: false },
    { kind: 'lose-answer', stored: true },
  ] as const)('$kind', async ({ kind, stored }) => {
    const server = await meet({ do: { kind } });
    await expect(put(server, 'a', 'text')).rejects.toThrow(cut);
    expect([server.objects().has('a'), server.requests.at(-1)?.status]).toEqual([stored, undefined]);
    expect((await put(server, 'a', 'text')).status).toBe(200);
  });

  it('answer late: at once done or not', async () => {
    for (const [kind, done] of [
      ['slow', true],
      ['late', false],
    ] as const) {
      let go = (): void => {};
      const until = new Promise<void>((resolve) => {
        go = resolve;
      });
      const server = await meet({ do: { kind, until } });
      const answer = put(server, 'a', 'text');
      await expect.poll(() => server.requests.at(-1)?.body.length, { interval: 1 }).toBe(4);
      expect([server.objects().has('a'), server.requests.at(-1)?.status]).toEqual([done, undefined]);
      go();
      expect([(await answer).status, server.objects().has('a')]).toEqual([200, true]);
    }
  });

  it('hang until the server is restarted, with its data and on its port', async () => {
    let go = (): void => {};
    const until = new Promise<void>((resolve) => {
      go = resolve;
    });
    const server = await meet({ do: { kind: 'hang' } });
    server.fault({ when: ({ key }) => key === 'b', do: { kind: 'late', until } });
    const waiting = Promise.allSettled([put(server, 'a', 'text'), put(server, 'b', 'text')]);
    await expect.poll(() => server.requests.filter(({ body }) => body.length === 4).length, { interval: 1 }).toBe(2);
    const { endpoint } = server;
    await server.restart();
    go();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await get(server, 'old')).text).toBe('0123456789');
    expect([server.endpoint, [...server.objects().keys()]]).toEqual([endpoint, ['old']]);
  });

  it('cut, stall or change what is read', async () => {
    const cutting = await meet({ do: { kind: 'cut-body' } });
    await expect(get(cutting, 'old')).rejects.toThrow(cut);
    expect((await get(cutting, 'old')).text).toBe('0123456789');

    const stalling = await meet({ do: { kind: 'stall-body', until: Promise.resolve(), at: 3 } });
    expect((await get(stalling, 'old')).text).toBe('0123456789');

    const flipping = await meet({ do: { kind: 'flip-byte', at: 9 } });
    const flipped = await get(flipping, 'old');
    expect([flipped.text, flipped.headers['etag']]).toEqual(['0123456788', `"${md5('0123456789')}"`]);
    expect((await get(flipping, 'old')).text).toBe('0123456789');
  });

  it('lie about what is stored', async () => {
    const forgetting = await meet({ do: { kind: 'forget' } });
    expect([(await put(forgetting, 'a', 'text')).status, forgetting.objects().has('a')]).toEqual([200, false]);
    const changing = await meet({ do: { kind: 'store-changed', at: 0 } });
    const lie = await put(changing, 'a', 'text', { 'content-md5': md5Header('text') });
    expect([lie.status, lie.headers['etag'], changing.objects().get('a')?.toString()]).toEqual([200, `"${md5('text')}"`, 'uext']);
  });

  it('answer from an earlier moment', async () => {
    const server = await start();
    const moment = server.moment();
    await put(server, 'a', 'text');
    server.fault({ when: ({ operation }) => operation === 'ListObjectsV2', do: { kind: 'old-answer', of: moment } });
    expect(all((await list(server)).text, 'Key')).toEqual([]);
    expect(all((await list(server)).text, 'Key')).toEqual(['a']);
  });

  it('say 200 and then an error, whether it was done or not', async () => {
    for (const done of [false, true]) {
      const server = await start();
      const uploadId = await begin(server, 'a');
      await part(server, 'a', uploadId, 1, 'one');
      server.fault({ when: ({ operation }) => operation === 'CompleteMultipartUpload', do: { kind: 'error-in-200', code: 'InternalError', done } });
      const answer = await complete(server, 'a', uploadId, [[1, md5('one')]]);
      expect([answer.status, answer.code, server.objects().has('a')]).toEqual([200, 'InternalError', done]);
      expect(answer.text).toMatch(/^<\?xml [^>]*>\s{3,}<Error>/u);
    }
  });
});

/** What a client can see of the manners of a server with a bucket for plain objects and one with object lock. */
async function seen(plain: Endpoint, locked: Endpoint): Promise<Record<string, unknown>> {
  const said = async (answer: Promise<Received>): Promise<unknown> => {
    const { status, code } = await answer;
    return code === undefined ? status : [status, code];
  };
  const facts: Record<string, unknown> = {};
  const see = async (name: string, answer: Promise<Received>): Promise<void> => {
    facts[name] = await said(answer);
  };
  const fresh = { 'if-none-match': '*' };
  await see('put if new', put(plain, 'a', 'one', fresh));
  await see('put if new, again', put(plain, 'a', 'two', fresh));
  await see('put if another', put(plain, 'a', 'two', { 'if-match': `"${md5('x')}"` }));
  await see('put if the same', put(plain, 'a', 'two', { 'if-match': `"${md5('one')}"` }));
  await see('put if the same, without quotes', put(plain, 'a', 'two', { 'if-match': md5('one') }));
  await see('put if the same as nothing', put(plain, 'no such', 'two', { 'if-match': `"${md5('one')}"` }));
  const racers = await Promise.all(Array.from({ length: 8 }, (_, at) => put(plain, 'race', String(at), fresh)));
  facts['racing winners'] = racers.filter(({ status }) => status === 200).length;
  await see('wrong Content-MD5', put(plain, 'b', 'text', { 'content-md5': md5Header('other') }));
  await see('no Content-MD5', put(plain, 'b', 'text', { 'content-md5': 'short' }));
  await see('wrong payload', send(plain, { method: 'PUT', key: 'b', body: 'text', payload: hash('other') }));
  await see('unsigned payload', send(plain, { method: 'PUT', key: 'unsigned', body: 'text', payload: 'UNSIGNED-PAYLOAD' }));
  await see('wrong secret', send(plain, { key: 'a', secretKey: 'another' }));
  await see('unknown key id', send(plain, { key: 'a', accessKey: 'ANOTHER' }));
  await see('old clock', send(plain, { key: 'a', at: new Date(Date.now() - 16 * 60_000) }));
  await see('other region', send(plain, { key: 'a', region: 'elsewhere-1' }));
  await see('no such bucket', send(plain, { key: 'a', bucket: 'another-bucket' }));
  await see('no such key', get(plain, 'no such'));
  await see('head of no such key', send(plain, { method: 'HEAD', key: 'no such' }));
  await see('delete of no such key', remove(plain, 'no such'));
  await see('read if another', get(plain, 'a', { 'if-match': `"${md5('x')}"` }));
  await see('read if changed', get(plain, 'a', { 'if-none-match': `"${md5('two')}"` }));
  await see('delete if another', remove(plain, 'a', {}, { 'if-match': `"${md5('x')}"` }));
  await see('deleted if another', get(plain, 'a'));
  await put(plain, 'digits', '0123456789');
  for (const range of ['bytes=2-4', 'bytes=-3', 'bytes=10-', 'bytes=-0', 'bytes=4-2', 'bytes=8-99']) {
    const answer = get(plain, 'digits', { range });
    await see(range, answer);
    if ((await answer).code === undefined) facts[`${range} reads`] = (await answer).text;
  }
  await see('lock in a bucket without', put(plain, 'l', 'x', { 'x-amz-object-lock-legal-hold': 'ON', 'content-md5': md5Header('x') }));
  await see('lock configuration of a bucket without', send(plain, { query: { 'object-lock': '' } }));

  for (const key of ['list/a&<b', 'list/\u{FF61}', 'list/\u{1F600}', 'list/c +', 'list/deep/er']) await put(plain, key, 'x');
  const listing = await list(plain, { prefix: 'list/', delimiter: '/' });
  facts['keys'] = [...all(listing.text, 'Key'), ...all(listing.text, 'CommonPrefixes')];
  facts['encoded keys'] = all((await list(plain, { prefix: 'list/', 'encoding-type': 'url' })).text, 'Key');
  const page = await list(plain, { prefix: 'list/', 'max-keys': '2' });
  facts['page'] = ['KeyCount', 'MaxKeys', 'IsTruncated'].map((name) => one(page.text, name));
  const rest = await list(plain, { prefix: 'list/', 'continuation-token': one(page.text, 'NextContinuationToken') });
  facts['pages'] = [...all(page.text, 'Key'), ...all(rest.text, 'Key')].length;

  await put(plain, 'big', 'there');
  const uploadId = await begin(plain, 'big', { 'x-amz-meta-run': '7' });
  for (const [at, body] of ['head', 'tail'].entries()) await part(plain, 'big', uploadId, at + 1, body);
  const head = [1, md5('head')] as const;
  const tail = [2, md5('tail')] as const;
  await see('part of no upload', part(plain, 'big', 'no such', 1, 'x'));
  await see('wrong Content-MD5 of a part', part(plain, 'big', uploadId, 3, 'x', { 'content-md5': md5Header('y') }));
  await see('complete with nothing', complete(plain, 'big', uploadId, []));
  await see('complete with another part', complete(plain, 'big', uploadId, [[1, md5('x')]]));
  const parts = await send(plain, { key: 'big', query: { uploadId } });
  facts['parts'] = [all(parts.text, 'PartNumber'), all(parts.text, 'Size')];
  facts['uploads'] = all((await send(plain, { query: { uploads: '' } })).text, 'Key');
  const done = await complete(plain, 'big', uploadId, [[...head], [...tail]], fresh);
  facts['complete if new'] = [done.status, one(done.text, 'ETag').replaceAll('&quot;', '').replaceAll('"', '')];
  const read = await get(plain, 'big');
  facts['completed'] = [read.text, read.headers['etag'], read.headers['x-amz-meta-run']];
  await see('complete again', complete(plain, 'big', uploadId, [[...head], [...tail]]));
  await put(plain, 'big', 'written since');
  await see('complete again, written since', complete(plain, 'big', uploadId, [[...head], [...tail]]));
  facts['completed again'] = (await get(plain, 'big')).text;
  await remove(plain, 'big');
  await see('complete again, deleted since', complete(plain, 'big', uploadId, [[...head], [...tail]]));
  await see('abort what is complete', send(plain, { method: 'DELETE', key: 'big', query: { uploadId } }));

  const swapped = await begin(plain, 'swapped');
  for (const [at, body] of ['head', 'tail'].entries()) await part(plain, 'swapped', swapped, at + 1, body);
  await see('complete in another order', complete(plain, 'swapped', swapped, [[...tail], [...head]]));
  facts['completed in another order'] = (await get(plain, 'swapped')).text.slice(0, 8);
  const small = await begin(plain, 'small');
  for (const [at, body] of ['s', 'tail'].entries()) await part(plain, 'small', small, at + 1, body);
  await see('complete with a small part', complete(plain, 'small', small, [[1, md5('s')], [...tail]]));
  const long = await begin(plain, 'long');
  await see('part past the last', part(plain, 'long', long, 10_001, 'tail'));
  const more = await begin(plain, 'more');
  for (const at of [1, 2, 3]) await part(plain, 'more', more, at, 'head');
  await see('complete without the last part', complete(plain, 'more', more, [[...head]]));
  await see(
    'complete without the first part',
    complete(plain, 'more', more, [
      [2, md5('head')],
      [3, md5('head')],
    ]),
  );
  for (const quote of ['', '&quot;', '&#34;']) {
    const another = await begin(plain, 'quoted');
    await part(plain, 'quoted', another, 1, 'head');
    await see(`complete with quotes written as ${quote}`, complete(plain, 'quoted', another, [[...head]], {}, quote));
  }

  const until = new Date(Date.now() + 3_600_000).toISOString();
  const lock = { 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-object-lock-retain-until-date': until };
  await see('lock without a digest', put(locked, 'other', 'text', lock));
  const stored = await put(locked, 'a', 'text', { ...lock, 'content-md5': md5Header('text') });
  const versionId = String(stored.headers['x-amz-version-id']);
  await see('lock without a date', put(locked, 'b', 'text', { 'x-amz-object-lock-mode': 'GOVERNANCE', 'content-md5': md5Header('text') }));
  await see('delete of a locked version', remove(locked, 'a', { versionId }));
  const hidden = await remove(locked, 'a');
  facts['hide'] = [hidden.status, hidden.headers['x-amz-delete-marker']];
  await see('hidden', get(locked, 'a'));
  facts['locked version'] = (await send(locked, { key: 'a', query: { versionId } })).text;
  await see('put if new, after hiding', put(locked, 'a', 'text', fresh));
  await see('delete of a locked version, waived', remove(locked, 'a', { versionId }, { 'x-amz-bypass-governance-retention': 'true' }));
  facts['versioning'] = one((await send(locked, { query: { versioning: '' } })).text, 'Status');
  return facts;
}

it('says what a real radosgw lacks here', async () => {
  vi.stubEnv('PATH', '/no/such/folder');
  expect(await radosgw()).toEqual({ missing: 'not installed: monmaptool, ceph, ceph-mon, ceph-osd, radosgw, radosgw-admin' });
  vi.unstubAllEnvs();
});

// Takes a real radosgw, and some 20 s in all: `RUNBACK_TEST_RADOSGW=1 npx vitest run test/contracts/s3-server`.
describe.runIf(process.env['RUNBACK_TEST_RADOSGW'] !== undefined)('A real radosgw', () => {
  it('does what the server in its manners does', async () => {
    const real = await radosgw({ minPartBytes: 4 });
    if ('missing' in real) throw new Error(real.missing);
    try {
      await real.createBucket('plain');
      await real.createBucket('locked', { lock: true });
      const ours = { like: 'radosgw', minPartBytes: 4, accessKey: real.accessKey, secretKey: real.secretKey } as const;
      const [plain, locked] = [await start(ours), await start({ ...ours, lock: true })];
      expect(await seen(plain, locked)).toEqual(await seen({ ...real, bucket: 'plain' }, { ...real, bucket: 'locked' }));
    } finally {
      await real.stop();
    }
  });
});
