import { randomBytes } from 'node:crypto';

import type { Client } from 'pg';

import { messageOf, RunbackError } from '../../lib/index.js';
import { checkJournal } from '../format/journal-check.js';
import { firstHash } from '../format/journal-lines.js';
import { agendaLines, entriesIn } from '../format/parts.js';
import type { MovablePlace, StatePart } from '../move/movable.js';
import { isSameMark, type MoveMark, overtakenError, type Seen } from '../moved.js';
import { PlainClient } from './plain-client.js';
import { makeTables, readWorkspace, serverFacts, type Workspace } from './schema.js';
import { readStoreUrl, type StoreServer, type StoreSettings } from './settings.js';

/** Lines or parts written by one statement. */
const AT_ONCE = 500;
const PART_BYTES = 256 * 1024;
const ANSWER_MS = 60_000;
/** Shorter than what others wait: one that was stopped in the middle of a change must not hold them up. */
const STOPPED_MS = 20_000;

type Row = Readonly<Record<string, string | null>>;

/** Opens a schema as the old or the new place of a state. Throws `usage`, `store-away`. */
export async function openMovableSchema(url: string): Promise<MovablePlace> {
  const settings = await readStoreUrl(url);
  let missed: unknown;
  for (const server of settings.servers) {
    const client = clientOf(settings, server);
    try {
      await client.connect();
      if (!(await serverFacts(client)).isStandby) return new MovableSchema(settings, client);
      missed = new Error('it is a standby, which takes no writes');
    } catch (error) {
      missed = error;
    }
    await client.end().catch(() => undefined);
  }
  throw away(settings, missed);
}

function clientOf({ database, user, password, ssl }: StoreSettings, server: StoreServer): Client {
  const client = new PlainClient({
    ...server,
    database,
    user,
    password: () => password,
    ssl,
    connectionTimeoutMillis: ANSWER_MS / 10,
    query_timeout: ANSWER_MS,
    application_name: 'runback state move',
    types: { getTypeParser: () => (text: string) => text },
  });
  client.on('error', () => undefined);
  return client;
}

class MovableSchema implements MovablePlace {
  readonly location: string;
  readonly #s: string;

  constructor(
    private readonly settings: StoreSettings,
    private readonly client: Client,
  ) {
    this.location = settings.location;
    this.#s = `"${settings.schema}".`;
  }

  async standing(): Promise<Seen> {
    const found = await readWorkspace(this.client, this.#s).catch((error: unknown) => {
      throw away(this.settings, error);
    });
    if (found === undefined) return 'empty';
    if (found.state !== 'here') return markOf(found);
    // Tables that somebody made by looking at them, and nothing else.
    for await (const _ of this.parts()) return undefined;
    return (await this.held()).length === 0 ? 'empty' : undefined;
  }

  async mark(mark: MoveMark | undefined, seen: Seen): Promise<void> {
    if ((await readWorkspace(this.client, this.#s)) === undefined) await makeTables(this.client, this.settings.schema, mark);
    await this.#whole(async () => {
      // Every change looks at this table: those under way end first, and later ones see what it says.
      await this.#ask(`LOCK TABLE ${this.#s}workspace IN ACCESS EXCLUSIVE MODE`);
      const now = await readWorkspace(this.client, this.#s);
      const said = now === undefined || now.state === 'here' ? undefined : markOf(now);
      // Made with it a moment ago, or said by this very run: then it is said already.
      if (isSameMark(said, mark)) return;
      if (!isSameMark(said, seen)) throw overtakenError(this.location);
      await this.#ask(`UPDATE ${this.#s}workspace SET state = $1, moved_to = $2, move = $3`, [
        mark?.state ?? 'here',
        mark?.to ?? null,
        mark?.move ?? null,
      ]);
    });
  }

  async held(): Promise<readonly string[]> {
    const rows = await this.#ask(`SELECT name, info FROM ${this.#s}lease WHERE scope = 'lock' OR until > clock_timestamp() ORDER BY scope, name`);
    return rows.map((row) => `${row['name'] ?? ''} (${(JSON.parse(row['info'] ?? '{}') as { holder: string }).holder})`);
  }

  async *parts(): AsyncGenerator<StatePart> {
    const s = this.#s;
    for (const [what, query] of [
      ['document', `SELECT kind, id FROM ${s}document ORDER BY kind, id`],
      ['journal', `SELECT kind, id FROM ${s}journal_head ORDER BY kind, id`],
      ['ledger', `SELECT kind, id FROM ${s}ledger ORDER BY kind, id`],
      ['agenda', `SELECT DISTINCT kind, 'all' AS id FROM ${s}agenda ORDER BY kind`],
    ] as const)
      for (const row of await this.#ask(query)) yield { what, kind: row['kind'] ?? '', id: row['id'] ?? '' };
  }

  async read(part: StatePart): Promise<Buffer> {
    const s = this.#s;
    const { what, kind, id } = part;
    if (what === 'agenda') {
      const rows = await this.#ask(`SELECT (extract(epoch FROM at) * 1000)::bigint AS ms, id FROM ${s}agenda WHERE kind = $1`, [kind]);
      return agendaLines(rows.map((row) => ({ at: new Date(Number(row['ms'])), id: row['id'] ?? '' })));
    }
    if (what === 'document')
      return Buffer.from(this.#one(part, await this.#ask(`SELECT body FROM ${s}document WHERE kind = $1 AND id = $2`, [kind, id]))['body'] ?? '');
    if (what === 'ledger') {
      const { tag } = this.#one(part, await this.#ask(`SELECT tag FROM ${s}ledger WHERE kind = $1 AND id = $2`, [kind, id]));
      const rows = await this.#ask(`SELECT encode(body, 'hex') AS body FROM ${s}ledger_part WHERE tag = $1 ORDER BY n`, [tag]);
      return Buffer.concat(rows.map((row) => Buffer.from(row['body'] ?? '', 'hex')));
    }
    const head = this.#one(part, await this.#ask(`SELECT seq, hash FROM ${s}journal_head WHERE kind = $1 AND id = $2`, [kind, id]));
    const lines = await this.#ask(`SELECT line FROM ${s}journal_line WHERE kind = $1 AND id = $2 ORDER BY seq`, [kind, id]);
    const bytes = Buffer.from(lines.map((row) => `${row['line'] ?? ''}\n`).join(''));
    checkJournal(bytes, part, { head: { seq: Number(head['seq']), hash: head['hash'] ?? '' }, where: this.location });
    return bytes;
  }

  async write(part: StatePart, bytes: Buffer, move: string): Promise<void> {
    await this.#whole(async () => {
      await this.#requireArriving(move);
      await this.#clear(part);
      await this.#put(part, bytes);
    });
  }

  async remove(part: StatePart, move: string): Promise<void> {
    await this.#whole(async () => {
      await this.#requireArriving(move);
      await this.#clear(part);
    });
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  /** No other run can mark the place until the change that asks this has ended. */
  async #requireArriving(move: string): Promise<void> {
    const rows = await this.#ask(`SELECT state FROM ${this.#s}workspace WHERE state = 'arriving' AND move = $1 FOR SHARE`, [move]);
    if (rows.length === 0) throw overtakenError(this.location);
  }

  async #clear({ what, kind, id }: StatePart): Promise<void> {
    const s = this.#s;
    if (what === 'agenda') await this.#ask(`DELETE FROM ${s}agenda WHERE kind = $1`, [kind]);
    else if (what === 'document') await this.#ask(`DELETE FROM ${s}document WHERE kind = $1 AND id = $2`, [kind, id]);
    else if (what === 'ledger') {
      await this.#ask(`DELETE FROM ${s}ledger_part WHERE tag IN (SELECT tag FROM ${s}ledger WHERE kind = $1 AND id = $2)`, [kind, id]);
      await this.#ask(`DELETE FROM ${s}ledger WHERE kind = $1 AND id = $2`, [kind, id]);
    } else {
      await this.#ask(`DELETE FROM ${s}journal_line WHERE kind = $1 AND id = $2`, [kind, id]);
      await this.#ask(`DELETE FROM ${s}journal_head WHERE kind = $1 AND id = $2`, [kind, id]);
    }
  }

  async #put(part: StatePart, bytes: Buffer): Promise<void> {
    const s = this.#s;
    const { what, kind, id } = part;
    const tag = randomBytes(12).toString('hex');
    if (what === 'document') {
      await this.#ask(`INSERT INTO ${s}document (kind, id, version, before, body) VALUES ($1, $2, $3, '{}', $4)`, [
        kind,
        id,
        tag,
        bytes.toString('utf8'),
      ]);
      return;
    }
    if (what === 'agenda') {
      const entries = entriesIn(bytes);
      await this.#ask(`INSERT INTO ${s}agenda (kind, at, id) SELECT $1, at, id FROM unnest($2::timestamptz[], $3::text[]) AS given (at, id)`, [
        kind,
        entries.map(({ at }) => at.toISOString()),
        entries.map((entry) => entry.id),
      ]);
      return;
    }
    if (what === 'ledger') {
      const parts = Math.ceil(bytes.length / PART_BYTES);
      for (let n = 0; n < parts; n += 1)
        await this.#ask(`INSERT INTO ${s}ledger_part (tag, n, body) VALUES ($1, $2, $3)`, [
          tag,
          n,
          bytes.subarray(n * PART_BYTES, (n + 1) * PART_BYTES),
        ]);
      await this.#ask(`INSERT INTO ${s}ledger (kind, id, tag, parts) VALUES ($1, $2, $3, $4)`, [kind, id, tag, parts]);
      return;
    }
    await this.#putJournal(part, bytes);
  }

  async #putJournal(part: StatePart, bytes: Buffer): Promise<void> {
    const s = this.#s;
    const { kind, id } = part;
    const last = checkJournal(bytes, part, { head: undefined, where: this.location }).at(-1) ?? { seq: 0, hash: firstHash(kind, id) };
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    for (let from = 0; from < lines.length; from += AT_ONCE)
      await this.#ask(
        `INSERT INTO ${s}journal_line (kind, id, seq, line) SELECT $1, $2, $3::bigint + n, line FROM unnest($4::text[]) WITH ORDINALITY AS given (line, n)`,
        [kind, id, from, lines.slice(from, from + AT_ONCE)],
      );
    await this.#ask(`INSERT INTO ${s}journal_head (kind, id, seq, hash, token) VALUES ($1, $2, $3, $4, 0)`, [kind, id, last.seq, last.hash]);
  }

  /** All of it or nothing. */
  async #whole(work: () => Promise<void>): Promise<void> {
    await this.#ask('BEGIN ISOLATION LEVEL READ COMMITTED');
    try {
      await this.#ask(`SET LOCAL idle_in_transaction_session_timeout = ${String(STOPPED_MS)}`);
      await work();
      await this.#ask('COMMIT');
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async #ask(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      return (await this.client.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw away(this.settings, error);
    }
  }

  #one(part: StatePart, rows: readonly Row[]): Row {
    const [row] = rows;
    if (row === undefined) throw new RunbackError('not-found', `There is no ${part.kind}/${part.id} in ${this.location}`);
    return row;
  }
}

function markOf({ state, move, to }: Workspace): MoveMark {
  return { state: state as MoveMark['state'], move, to: to ?? '' };
}

function away({ location }: StoreSettings, error: unknown): RunbackError {
  return new RunbackError('store-away', 'The database of the state does not answer as it should', {
    why: `${location}: ${messageOf(error)}`,
    state: 'What was moved so far stays; neither place takes changes until the move has ended.',
    next: 'Run the same command again.',
    cause: error,
  });
}
