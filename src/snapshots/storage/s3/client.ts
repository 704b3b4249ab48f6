import { createHash } from 'node:crypto';

import { type CallOptions, type Clock, type Environment, type HttpAnswer, HttpClient, mayCarrySecrets, RunbackError } from '../../../lib/index.js';
import { textIn } from './xml.js';

/** Where a bucket is, and what in it is ours. */
export interface S3Place {
  /** `https://s3.example.com`: origin of the service; buckets are the first word of the path there. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Begins every key, without a slash at its end; empty for the whole bucket. */
  readonly prefix: string;
}

/** What requests are signed with. */
export interface S3Credentials {
  readonly key: string;
  readonly secret: string;
  /** Of credentials that are lent for a while. */
  readonly session?: string;
}

export interface S3ClientDeps {
  readonly place: S3Place;
  /** Asked at the first request, and once more where they are refused. */
  readonly credentials: () => Promise<S3Credentials>;
  readonly clock: Clock;
  readonly environment: Environment;
  /** Longest time that one request is tried again for. Default 2 minutes. */
  readonly maxWaitMs?: number;
}

/** One request to the bucket. */
export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the prefix; absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
  /** The answer is a file, or a range of one. */
  readonly file?: boolean;
}

/** Enough for one part going up and one coming down at the pace of a slow line. */
const TRY_MS = 120_000;
const AT_ONCE = 4;
/** Of credentials that were good before, perhaps. */
const STALE: ReadonlySet<string> = new Set(['ExpiredToken', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'TokenRefreshRequired']);
/** Beyond it a signature is refused. */
const SKEW = 'RequestTimeTooSkewed';

/**
 * Signed requests to one bucket. Every request here may be sent twice: what must not happen twice is guarded by a
 * condition in the request itself.
 *
 * `send` gives any answer but those that mean that nothing works; it throws `storage-unreachable` where no answer came,
 * or one of trouble until the end, and `storage-refused` for credentials, a bucket that is not there, and no room.
 */
export class S3Client {
  readonly #deps: S3ClientDeps;
  readonly #http: HttpClient;
  #credentials: Promise<S3Credentials> | undefined;
  /** How far the clock of the service is ahead of ours, in milliseconds. */
  #ahead = 0;

  /** Throws `usage` for an address to which no secret may go, or a proxy that cannot be used. */
  constructor(deps: S3ClientDeps) {
    const { endpoint } = deps.place;
    if (!mayCarrySecrets(new URL(endpoint)))
      throw new RunbackError('usage', `The endpoint ${endpoint} begins with http:// and is not on this machine`, {
        why: 'Others on the network could read what goes there.',
        state: 'Nothing was sent.',
        next: 'Use an https address: backups.endpoint in runback.yml.',
      });
    this.#deps = deps;
    this.#http = new HttpClient({
      origin: new URL(endpoint).origin,
      name: new URL(endpoint).host,
      headers: { accept: '*/*', 'user-agent': 'runback' },
      clock: deps.clock,
      environment: deps.environment,
      concurrency: AT_ONCE,
      tryTimeoutMs: TRY_MS,
      maxBodyBytes: 128 << 20,
      ...(deps.maxWaitMs === undefined ? {} : { maxWaitMs: deps.maxWaitMs }),
    });
  }

  get place(): S3Place {
    return this.#deps.place;
  }

  async send(request: S3Request, call: CallOptions = {}): Promise<HttpAnswer> {
    let answer = await this.#once(request, call);
    const told = Date.parse(textIn(String(answer.body), 'ServerTime') ?? answer.headers['date'] ?? '');
    if (codeOf(answer) === SKEW && !Number.isNaN(told)) {
      this.#ahead = told - this.#deps.clock.now().getTime();
      answer = await this.#once(request, call);
    }
    // Those that are lent end, and those of a file are changed: what is asked for once more may be others.
    if (STALE.has(codeOf(answer) ?? '')) {
      this.#credentials = undefined;
      answer = await this.#once(request, call);
    }
    const refused = this.#refusal(answer);
    if (refused !== undefined) throw refused;
    return answer;
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #once({ method, key, query = {}, headers = {}, bytes, file }: S3Request, call: CallOptions): Promise<HttpAnswer> {
    const { endpoint, region, bucket, prefix } = this.#deps.place;
    const { key: accessKeyId, secret, session } = await (this.#credentials ??= this.#deps.credentials());
    const url = new URL(endpoint);
    url.pathname = ['', bucket, ...(key === undefined ? [] : [...(prefix === '' ? [] : [prefix]), key])].join('/');
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { AwsV4Signer } = await import('aws4fetch');
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: {
        ...(bytes === undefined ? {} : { 'content-md5': createHash('md5').update(bytes).digest('base64') }),
        ...headers,
        'x-amz-content-sha256': createHash('sha256')
          .update(bytes ?? '')
          .digest('hex'),
      },
      accessKeyId,
      secretAccessKey: secret,
      ...(session === undefined ? {} : { sessionToken: session }),
      service: 's3',
      region,
      datetime: new Date(this.#deps.clock.now().getTime() + this.#ahead).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
    }).sign();
    const result = await this.#http.request(
      {
        method,
        path: signed.url.pathname + signed.url.search,
        headers: Object.fromEntries([...signed.headers].filter(([name]) => name !== 'host')),
        ...(bytes === undefined ? {} : { raw: { type: 'application/octet-stream', text: bytes } }),
        ...(file === true ? { bytes: true } : {}),
        anyAnswer: true,
        repeatable: true,
        // A whole answer: some services say 200 first, and what became of it in its body.
        ...(method === 'POST' ? { valid: (body: unknown) => !/<Error>[\s\S]*<Code>(InternalError|SlowDown)<\/Code>/u.test(String(body)) } : {}),
      },
      call,
    );
    if (result.kind !== 'answered') throw this.#unreachable(result.message);
    return result;
  }

  /** The error for an answer after which nothing else works either. */
  #refusal(answer: HttpAnswer): RunbackError | undefined {
    const code = codeOf(answer);
    const { bucket, endpoint } = this.#deps.place;
    const why = `${endpoint} answered ${String(answer.status)}${code === undefined ? '' : ` (${code})`}.`;
    const state = 'Snapshots that were stored before are as they were.';
    if (code === 'NoSuchBucket')
      return new RunbackError('storage-refused', `There is no bucket ${bucket}`, {
        why,
        state,
        next: 'Make it, or name another one: backups.storage in runback.yml.',
      });
    if (answer.status === 507 || (answer.status === 403 && /Quota|TooMuch|Full/u.test(code ?? '')))
      return new RunbackError('disk-full', `No room left in bucket ${bucket}`, {
        why,
        state,
        next: 'Free some space there or raise its quota, then run the same command again.',
      });
    if (answer.status === 401 || answer.status === 403 || code === 'ExpiredToken')
      return new RunbackError('storage-refused', `Not allowed to use bucket ${bucket}`, {
        why,
        state,
        next: 'Check the key and its rights (read, write, delete, list): backups.credentials in runback.yml.',
      });
    if (answer.status === 301 || answer.status === 307 || code === 'AuthorizationHeaderMalformed')
      return new RunbackError('storage-refused', `Bucket ${bucket} is in another region`, {
        why,
        state,
        next: 'Name its region: backups.region in runback.yml.',
      });
    if ((answer.status === 429 || answer.status >= 500) && answer.status !== 501) return this.#unreachable(why);
    // Not from the service, which says what is not there, but from something on the way: it tells nothing of what is stored.
    if (answer.status === 404 && (code ?? '') === '') return this.#unreachable(why);
    return undefined;
  }

  #unreachable(why: string): RunbackError {
    return new RunbackError('storage-unreachable', `The storage at ${this.#deps.place.endpoint} cannot be used now`, {
      why,
      state: 'Snapshots that were stored before are as they were.',
      next: 'Run the same command again when it is back.',
    });
  }
}

/** The word of S3 for what went wrong: `NoSuchKey`. */
export function codeOf(answer: HttpAnswer): string | undefined {
  return typeof answer.body === 'string' && answer.body.includes('<Error>') ? textIn(answer.body, 'Code') : undefined;
}
