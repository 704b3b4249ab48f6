import type { Client } from 'pg';

import { RunbackError } from '../../lib/index.js';
import { serverError } from './errors.js';
import { addressOf, type Settings } from './settings.js';

/*
 * Servers that speak the protocol of PostgreSQL and are none. Amazon Redshift says "PostgreSQL 8.0.2 on …, Redshift 1.0.48805", CockroachDB
 * "CockroachDB CCL v24.3.0 (…)", and 13.0.0 as its server_version. What a restore stands on is not there: locks on rows, the
 * outcome of a transaction, catalogs that tell triggers and keys.
 */

/** What the server is, where its `version()` says that it is not PostgreSQL. */
export function imitatorIn(version: string): string | undefined {
  if (/\bRedshift\b/u.test(version)) return 'Amazon Redshift';
  // Those of EnterpriseDB are PostgreSQL, and older ones begin with its name.
  if (version === '' || /^(PostgreSQL|EnterpriseDB)\b/u.test(version)) return undefined;
  return /[^\s,()]+/u.exec(version)?.[0] ?? version;
}

/** Throws `platform-rejected` where a server says that it is not PostgreSQL. */
export function requirePostgres(version: string, settings: Settings): void {
  const name = imitatorIn(version);
  if (name === undefined) return;
  throw new RunbackError('platform-rejected', `${settings.platform} is no PostgreSQL but ${name}, which is not supported`, {
    why: `It speaks the same protocol, but does not have what a restore relies on: locks on rows, the outcome of a transaction, and catalogs that tell its keys and triggers. ${addressOf(settings)} calls itself "${version.slice(0, 200)}".`,
    state: 'Nothing was read or written.',
    next: `Name a PostgreSQL database, version 14 to 18, under platforms.${settings.platform} in runback.yml, or take the entry out.`,
  });
}

/** What a server that refused the first question says that it is; empty where it does not tell. Throws nothing. */
export async function versionOf(client: Client, refused: unknown): Promise<string> {
  if (serverError(refused) === undefined) return '';
  try {
    const { rows } = await client.query<{ readonly version: string }>('SELECT version() AS version');
    return rows[0]?.version ?? '';
  } catch {
    return '';
  }
}
