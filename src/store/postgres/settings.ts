import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';

import { isLoopback, RunbackError } from '../../lib/index.js';

/** A server that may have the state. */
export interface StoreServer {
  readonly host: string;
  readonly port: number;
}

/** Where the state is, checked. Holds the password: never put it into a message. */
export interface StoreSettings {
  /** At least one, in the order in which they are tried: the state is on whichever takes writes. */
  readonly servers: readonly StoreServer[];
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Schema of the workspace. */
  readonly schema: string;
  /** False: without TLS. */
  readonly ssl: ConnectionOptions | false;
  /** The address for people, without user and password. */
  readonly location: string;
}

const SCHEMA = /^[a-z][a-z0-9_]{0,62}$/u;
/** Those that never fall back to a connection without TLS. */
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

/**
 * Reads `postgres://user:password@host:5432/database?schema=runback`, where several hosts may stand with a comma between them. Beyond this machine TLS is used and the
 * certificate checked, unless `sslmode` says otherwise. Throws `usage`; the address itself is never repeated.
 */
export async function readStoreUrl(text: string): Promise<StoreSettings> {
  const { first, others } = serversIn(text);
  if (![first, ...others].every((one) => URL.canParse(one))) throw bad('It does not have the form postgres://user:password@host:5432/database.');
  const url = new URL(first);
  const urls = [url, ...others.map((one) => new URL(one))];
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw bad(`It starts with ${url.protocol} instead of postgres:`);
  const { searchParams: parameters } = url;
  // Never named: behind a "?" in a password that is not written as %3F, it is a part of the password.
  if ([...parameters.keys()].some((name) => !['schema', 'sslmode', 'sslrootcert', 'target_session_attrs'].includes(name)))
    throw bad('It has a parameter other than schema, sslmode, sslrootcert and target_session_attrs. A "?" in a password is written as %3F.');
  if ((parameters.get('target_session_attrs') ?? 'read-write') !== 'read-write')
    throw bad('Its target_session_attrs is not read-write: the state is only ever on a server that takes writes.');
  const user = decoded(url.username);
  const database = decoded(url.pathname.slice(1));
  if (user === '' || database === '') throw bad(`It names no ${user === '' ? 'user' : 'database'}.`);
  const schema = parameters.get('schema') ?? 'runback';
  if (!SCHEMA.test(schema)) throw bad('Its schema consists of small letters, digits and "_", and begins with a letter.');
  return {
    servers: urls.map(serverOf),
    database,
    user,
    password: decoded(url.password),
    schema,
    ssl: await sslOf(
      modeOf(
        parameters.get('sslmode'),
        urls.every(({ hostname }) => isLoopback(hostname)),
      ),
      parameters.get('sslrootcert'),
    ),
    location: `postgres://${urls.map((one) => `${one.hostname}:${String(serverOf(one).port)}`).join(',')}/${database}?schema=${schema}`,
  };
}

/** The address with its first host alone, and one for each other host: what reads addresses knows of one. */
function serversIn(text: string): { readonly first: string; readonly others: readonly string[] } {
  const [, before = '', hosts = '', behind = ''] = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/su.exec(text) ?? [];
  const [host = '', ...more] = hosts.split(',');
  return more.length === 0 ? { first: text, others: [] } : { first: before + host + behind, others: more.map((one) => `postgres://${one}`) };
}

function serverOf({ hostname, port }: URL): StoreServer {
  return { host: decoded(hostname).replaceAll(/^\[|\]$/gu, ''), port: port === '' ? 5432 : Number(port) };
}

/** Throws `usage` without a word of what could not be read: it may be the password. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw bad('It has a "%" that begins no character. A "%" in a password is written as %25.');
  }
}

function modeOf(given: string | null, isHere: boolean): SslMode {
  if (given === null) return isHere ? 'disable' : 'verify-full';
  const mode = SSL_MODES.find((one) => one === given);
  if (mode === undefined) throw bad(`Its sslmode is not one of ${SSL_MODES.join(', ')}.`);
  return mode;
}

async function sslOf(mode: SslMode, rootCertificate: string | null): Promise<ConnectionOptions | false> {
  if (mode === 'disable') return false;
  if (mode === 'require' && rootCertificate !== null)
    throw bad('Its sslmode is require, which checks no certificate, and it names one as sslrootcert. Use verify-ca or verify-full.');
  const ca = rootCertificate === null ? {} : { ca: await readCertificate(rootCertificate) };
  if (mode === 'verify-full') return { rejectUnauthorized: true, ...ca };
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca };
  return { rejectUnauthorized: false };
}

async function readCertificate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RunbackError('file-unreadable', `${path} cannot be read`, {
      why: 'The address of the state names it as sslrootcert.',
      state: 'Nothing was started.',
      cause: error,
    });
  }
}

function bad(why: string): RunbackError {
  return new RunbackError('usage', 'The address of the state cannot be used', {
    why,
    state: 'Nothing was read or written.',
    next: 'Put postgres://user:password@host:5432/database?schema=runback into the secret that store in runback.yml names.',
  });
}
