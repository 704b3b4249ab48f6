import { Socket } from 'node:net';

import type { Client } from 'pg';

import { channelOf } from './agenda.js';
import type { Database } from './database.js';
import { PlainClient } from './plain-client.js';

/**
 * Listens for new entries of agendas on a connection of its own. Where that cannot be had (a pooler, a database that is
 * away), looking now and then is all there is.
 */
export class Listener {
  #client: Client | undefined;
  /** A pooler is between: there is nothing to hear. */
  #isDeaf = false;
  readonly #waiting = new Set<() => void>();

  constructor(private readonly database: Database) {}

  /** Resolves at the next notification, at the abort, or after `floorMs`. Never rejects. */
  async wait(signal: AbortSignal, floorMs: number): Promise<void> {
    if (signal.aborted) return;
    void this.#listen();
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, floorMs);
      signal.addEventListener('abort', end, { once: true });
      this.#waiting.add(end);
    });
  }

  async #listen(): Promise<void> {
    if (this.#client !== undefined || this.#isDeaf) return;
    const client = new PlainClient(this.database.connection());
    this.#client = client;
    const gone = (): void => {
      if (this.#client === client) this.#client = undefined;
      client.end().catch(() => undefined);
    };
    client.on('error', gone);
    client.on('end', gone);
    client.on('notification', () => {
      for (const end of this.#waiting) end();
    });
    try {
      await client.connect();
      if (client.connection.stream instanceof Socket) client.connection.stream.unref();
      // Whoever has that process of the server next would hear it, and nobody here.
      this.#isDeaf = await isShared(client);
      if (this.#isDeaf) return gone();
      await client.query(`LISTEN "${channelOf(this.database.settings.schema)}"`);
    } catch {
      gone();
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    for (const end of this.#waiting) end();
    await client?.end().catch(() => undefined);
  }
}

/** True where the process that answers is not the one that the connection was told of: a pooler is between. */
async function isShared(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ readonly pid: string }>('SELECT pg_backend_pid()::text AS pid');
  // The driver has it in no type.
  return String((client as unknown as { readonly processID: number | null }).processID) !== rows[0]?.pid;
}
