import { createHash } from 'node:crypto';

import type { PgBoss, QueueOptions } from 'pg-boss';

import type { SharedWork } from '../store.js';
import type { Database } from './database.js';

/** Without a sign of life for so long, work is handed out again: the least that the library knows. */
const HEARTBEAT_SECONDS = 10;
/** How often those are looked for, and what has been done is taken off. */
const LOOK_SECONDS = 5;
/** Longest that work may take, as the library bounds it: work has limits of its own. */
const LONGEST_SECONDS = 24 * 3600;
const KEPT_SECONDS = 24 * 3600;
/** So often work of a process that was killed is handed out again, before whoever finds it due offers it again. */
const AGAIN = 3;
const POLL_SECONDS = 1;
const STOP_MS = 1000;

const QUEUE: QueueOptions = {
  retryLimit: AGAIN,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: LONGEST_SECONDS,
  retentionSeconds: KEPT_SECONDS,
  deleteAfterSeconds: KEPT_SECONDS,
};

/**
 * Work on offer as jobs of pg-boss, in a schema next to that of the state: one queue a kind, in which each name is there once, waiting or
 * under way. It times nothing and keeps nothing that matters: emptied, everything that is due is offered again.
 */
export class JobQueues implements SharedWork {
  readonly #queues = new Map<string, Promise<void>>();
  #boss: Promise<PgBoss> | undefined;
  #closed = false;

  constructor(private readonly database: Database) {}

  async offer(kind: string, name: string): Promise<void> {
    const boss = await this.#opened(kind);
    await boss.send(kind, { name }, { singletonKey: name });
  }

  async take(kind: string, atOnce: number, run: (name: string) => Promise<void>): Promise<void> {
    const boss = await this.#opened(kind);
    await boss.work<{ readonly name: string }>(kind, { localConcurrency: atOnce, pollingIntervalSeconds: POLL_SECONDS }, async (jobs) => {
      for (const { data } of jobs) await run(data.name);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const boss = await this.#boss?.catch(() => undefined);
    await boss?.stop({ graceful: false, timeout: STOP_MS }).catch(() => undefined);
  }

  async #opened(kind: string): Promise<PgBoss> {
    if (this.#closed) throw new Error('no work is shared any longer');
    const boss = await (this.#boss ??= this.#open());
    const queue = (this.#queues.get(kind) ?? boss.createQueue(kind, { policy: 'exclusive', ...QUEUE })).catch((error: unknown) => {
      this.#queues.delete(kind);
      throw error;
    });
    this.#queues.set(kind, queue);
    await queue;
    return boss;
  }

  async #open(): Promise<PgBoss> {
    // Tells first, as one of our errors, where the state is away or was moved.
    await this.database.requireHere();
    const { PgBoss } = await import('pg-boss');
    const { database, user, password, ssl, schema } = this.database.settings;
    const { host, port } = this.database.server;
    const boss = new PgBoss({
      host,
      port,
      database,
      user,
      password: () => password,
      ssl,
      schema: jobsSchema(schema),
      application_name: 'runback work',
      max: 3,
      connectionTimeoutMillis: 2000,
      schedule: false,
      superviseIntervalSeconds: LOOK_SECONDS,
      monitorIntervalSeconds: LOOK_SECONDS,
      reindex: false,
      monitorVacuum: false,
      registerInstance: false,
      openTelemetry: { enabled: false },
    });
    // Of a database that is away, everything else tells; what is due is offered again.
    boss.on('error', () => undefined);
    try {
      return await boss.start();
    } catch (error) {
      this.#boss = undefined;
      await boss.stop({ graceful: false, timeout: STOP_MS }).catch(() => undefined);
      throw error;
    }
  }
}

/** Where the jobs of a workspace are. The library takes names of 50 letters at most. */
function jobsSchema(schema: string): string {
  const plain = `${schema}_jobs`;
  return plain.length <= 50 ? plain : `runback_jobs_${createHash('sha256').update(schema).digest('hex').slice(0, 32)}`;
}
