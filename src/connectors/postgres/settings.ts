import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';

import { z } from 'zod';

import { mismatchWords, parseDuration, RunbackError } from '../../lib/index.js';
import type { AuditConfig, PlatformConfig, SecretRef } from '../../workspace/index.js';
import type { DriverDeps } from '../driver.js';

/** How TLS is used, with the meaning the words have for PostgreSQL's own programs. */
type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Everything a connection needs, checked. Holds the password: never put it into a message. */
export interface Settings {
  /** Name of the platform in runback.yml. */
  readonly platform: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly ssl: { readonly mode: SslMode; readonly options: ConnectionOptions };
  readonly connectTimeoutMs: number;
  /** After so long without a byte of an answer the server is asked, on another connection, what it does; 0: never. */
  readonly silenceMs: number;
  /** 0: none. */
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** How long transient trouble is waited out before it becomes an error. */
  readonly waitMs: number;
  readonly sessionReplicationRole: string | undefined;
  readonly modified: { readonly by?: string; readonly at?: string; readonly zone?: string };
  /** Audit tables; empty where there is none. */
  readonly audits: readonly AuditConfig[];
}

const OPTIONS = z
  .strictObject({
    connect_timeout: z.string().default('10s'),
    silence: z.string().default('30s'),
    statement_timeout: z.string().default('0s'),
    lock_timeout: z.string().default('10s'),
    session_replication_role: z.enum(['origin', 'replica', 'local']).optional(),
  })
  .readonly();

const SSL_MODES: readonly string[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** `host:port`, for people. */
export function addressOf(settings: Settings): string {
  return settings.host.startsWith('/') ? settings.host : `${settings.host}:${String(settings.port)}`;
}

/** Reads and checks the settings of a platform entry. Throws `auth-missing`, `usage`, or what `secret` throws. */
export async function readSettings(config: PlatformConfig, deps: Pick<DriverDeps, 'secret'>): Promise<Settings> {
  const options = OPTIONS.safeParse(config.options, { error: mismatchWords });
  if (!options.success) {
    const issue = options.error.issues[0];
    throw bad(config, `option ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
  }
  const secret = async (value: string | undefined): Promise<string | undefined> =>
    value === undefined ? undefined : /^(env|file|command|keychain):/.test(value) ? deps.secret(value as SecretRef) : value;
  const url = parseUrl(config, await secret(config.url));
  const user = (await secret(config.credentials['user'])) ?? decodeURIComponent(url.username);
  if (user === '')
    throw new RunbackError('auth-missing', `The database URL of ${config.name} names no user`, {
      state: 'Nothing was read or written.',
      next: `Put the user into the URL (postgres://user:password@host/database), or credentials: { user: env:… } under ${config.name} in runback.yml.`,
    });
  const parameters = url.searchParams;
  const mode = parameters.get('sslmode') ?? 'prefer';
  if (!SSL_MODES.includes(mode)) throw bad(config, `sslmode "${mode}" is not one of ${SSL_MODES.join(', ')}`);
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    platform: config.name,
    host: parameters.get('host') ?? (url.hostname === '' ? '127.0.0.1' : decodeURIComponent(url.hostname).replaceAll(/^\[|\]$/g, '')),
    port: Number(url.port === '' ? (parameters.get('port') ?? '5432') : url.port),
    database: database === '' ? user : database,
    user,
    password: (await secret(config.credentials['password'])) ?? decodeURIComponent(url.password),
    ssl: { mode: mode as SslMode, options: await sslOptions(mode as SslMode, parameters.get('sslrootcert')) },
    connectTimeoutMs: parseDuration(options.data.connect_timeout),
    silenceMs: parseDuration(options.data.silence),
    statementTimeoutMs: parseDuration(options.data.statement_timeout),
    lockTimeoutMs: parseDuration(options.data.lock_timeout),
    waitMs: parseDuration(config.limits.wait ?? '30s'),
    sessionReplicationRole: options.data.session_replication_role,
    modified: config.modified ?? {},
    audits: config.audit === undefined ? [] : [config.audit].flat(),
  };
}

function parseUrl(config: PlatformConfig, text: string | undefined): URL {
  if (text === undefined || text === '')
    throw new RunbackError('auth-missing', `Platform ${config.name} has no database URL`, {
      state: 'Nothing was read or written.',
      next: `Put url: env:SOME_NAME under ${config.name} in runback.yml, and postgres://user:password@host:5432/database into that variable.`,
    });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The URL itself holds a password: it is not repeated.
    throw bad(config, 'the database URL does not have the form postgres://user:password@host:5432/database');
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    throw bad(config, `the database URL starts with ${url.protocol} instead of postgres:`);
  return url;
}

async function sslOptions(mode: SslMode, rootCertificate: string | null): Promise<ConnectionOptions> {
  const ca = rootCertificate === null || rootCertificate === 'system' ? {} : { ca: await readFile(rootCertificate, 'utf8') };
  if (mode === 'verify-full') return { rejectUnauthorized: true, ...ca };
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca };
  return { rejectUnauthorized: false, ...ca };
}

function bad(config: PlatformConfig, what: string): RunbackError {
  return new RunbackError('usage', `Platform ${config.name}: ${what}`, {
    state: 'Nothing was read or written.',
    next: `Correct the entry ${config.name} in runback.yml.`,
  });
}
