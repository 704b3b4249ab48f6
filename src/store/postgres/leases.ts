import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { type Clock, formatDuration, type Redactor, RunbackError } from '../../lib/index.js';
import { isStopped, lifeOf, type ProcessIdentity, thisProcess } from '../files/process-identity.js';
import { HeldLease, type Moment, momentNow } from '../held-lease.js';
import { lockedError } from '../locked.js';
import type { Lock, LockInfo, LockOwner, LockTaking, NamedLock } from '../store.js';
import type { Database, Row } from './database.js';

/** Renewals in one lease: two may be late before it ends. */
const RENEWALS = 5;
const LOOK_MS = 250;
const GIVING_BACK_MS = 2000;

/** What is leased: a lock that a caller names, or the writing of a journal. */
export type LeaseScope = 'lock' | 'journal';

/** A lease by its name, and how people call what it guards. */
export interface LeaseName {
  readonly scope: LeaseScope;
  readonly name: string;
  readonly what: string;
}

/** Who holds a lease, as it is stored. */
interface Holder extends LockOwner, ProcessIdentity {
  readonly since: string;
}

/** A lease that this process holds. */
export type HeldRow = Omit<Lock, 'name'>;

interface Held {
  /** Of this taking alone: a database that was put back to an older copy may give a token twice. */
  readonly claim: string;
  readonly of: LeaseName;
  readonly owner: LockOwner;
  readonly lease: HeldLease;
}

/** What leases are taken with. */
export interface LeaseDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly leaseMs: number;
  readonly here: ProcessIdentity | undefined;
}

/**
 * Leases as rows, by the clock of the database alone. Each taking has a token that is higher than all before it; what
 * this process holds is renewed by one statement.
 */
export class Leases {
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;

  constructor(private readonly deps: LeaseDeps) {}

  /** Takes a lease; see {@link Store.lock} for whose it takes over. Throws `locked`, `store-away`, `store-moved`. */
  async take(of: LeaseName, owner: LockOwner, taking: LockTaking): Promise<HeldRow> {
    const holder: Holder = { ...this.deps.redactor.value(owner), since: this.deps.clock.now().toISOString(), ...(this.deps.here ?? thisProcess()) };
    const claim = randomBytes(12).toString('hex');
    // The taking over that was sent last, and may have been done although no answer came.
    let tried: { readonly sent: Moment; readonly broke: LockInfo } | undefined;
    for (;;) {
      const sent = momentNow();
      const token = await this.#insert(of, claim, holder);
      if (token !== undefined) return this.#hold(of, owner, { token, claim }, sent);
      const row = await this.#read(of);
      if (row === undefined) {
        await this.deps.database.requireHere();
        continue;
      }
      // The answer to the taking was lost: it counts from when that was sent.
      if (row['claim'] === claim) {
        const held = this.#hold(of, owner, { token: row['token'] ?? '', claim }, tried?.sent ?? sent);
        return tried === undefined ? held : { ...held, broke: tried.broke };
      }
      const broke = await this.#takeable(of, row, taking);
      if (broke === undefined) continue;
      tried = { sent: momentNow(), broke };
      const taken = await this.#replace(of, row, claim, holder, broke.life === 'dead' && !isOver(row));
      if (taken !== undefined) return { ...this.#hold(of, owner, { token: taken, claim }, tried.sent), broke };
    }
  }

  /** Who holds a lease, or undefined. */
  async holder(of: LeaseName): Promise<LockInfo | undefined> {
    const row = await this.#read(of);
    return row === undefined ? undefined : this.#info(of, row);
  }

  /** Every lease of a scope, sorted by name. */
  async all(scope: LeaseScope): Promise<readonly NamedLock[]> {
    const { database } = this.deps;
    const rows = await database.ask(`SELECT *, ${LIVE} FROM ${database.s}lease WHERE scope = $1 ORDER BY name`, [scope]);
    return rows.map((row) => {
      const name = row['name'] ?? '';
      return { name, ...this.#info({ scope, name, what: name }, row) };
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #insert({ scope, name }: LeaseName, claim: string, holder: Holder): Promise<string | undefined> {
    const { database, leaseMs } = this.deps;
    const { s, isHere } = database;
    const textOf = (timeline: string): string => `${notingTimeline(s, timeline)}
       INSERT INTO ${s}lease (scope, name, token, claim, info, lease_ms, until)
       SELECT $1, $2, ${newToken(s, timeline)}, $3, $4, $5::bigint, clock_timestamp() + $5::bigint * interval '1 millisecond' WHERE ${isHere}
       ON CONFLICT DO NOTHING RETURNING token`;
    const [row] = await database.askOnTimeline(textOf, [scope, name, claim, JSON.stringify(holder), leaseMs]);
    return row?.['token'] ?? undefined;
  }

  /** In the place of the one that was seen. `dead`: its process is known to be gone, so that its lease need not end. */
  async #replace({ scope, name }: LeaseName, seen: Row, claim: string, holder: Holder, dead: boolean): Promise<string | undefined> {
    const { database, leaseMs } = this.deps;
    const { s, isHere } = database;
    const textOf = (timeline: string): string => `${notingTimeline(s, timeline)}
       UPDATE ${s}lease SET token = ${newToken(s, timeline)}, claim = $3, info = $4, lease_ms = $5::bigint,
         until = clock_timestamp() + $5::bigint * interval '1 millisecond'
       WHERE scope = $1 AND name = $2 AND token = $6 AND (until <= clock_timestamp() OR $7::boolean) AND ${isHere} RETURNING token`;
    const [row] = await database.askOnTimeline(textOf, [scope, name, claim, JSON.stringify(holder), leaseMs, seen['token'], dead]);
    return row?.['token'] ?? undefined;
  }

  async #read({ scope, name }: LeaseName): Promise<Row | undefined> {
    const { database } = this.deps;
    return (await database.ask(`SELECT *, ${LIVE} FROM ${database.s}lease WHERE scope = $1 AND name = $2`, [scope, name]))[0];
  }

  /**
   * The holder whose lease may be taken now; undefined where that has to be looked at again. Waits for the end of a lease
   * of a holder that cannot be seen, where that is asked for. Throws `locked`.
   */
  async #takeable(of: LeaseName, row: Row, { breakDead = false, lapse = false }: LockTaking): Promise<LockInfo | undefined> {
    const info = this.#info(of, row);
    const unseen = this.#lifeHere(row) === 'unknown';
    if (info.life === 'alive' && !(unseen && lapse)) throw this.#locked(of, info);
    const asked: LockInfo = info.life === 'alive' ? { ...info, life: 'unknown', elsewhere: true } : info;
    if (!(typeof breakDead === 'boolean' ? breakDead : await breakDead(asked))) throw this.#locked(of, info);
    if (info.life !== 'alive') return info;
    for (let now = row; now['token'] === row['token'] && !isOver(now);) {
      if (now['until'] !== row['until']) throw this.#locked(of, { ...info, renewed: true });
      await pause(Math.min(LOOK_MS, Math.max(5, Number(now['left_ms']) + 5)));
      const again = await this.#read(of);
      if (again === undefined) break;
      now = again;
    }
    return undefined;
  }

  #locked(of: LeaseName, info: LockInfo): RunbackError {
    return lockedError(of.what, info, this.deps.clock, info.path);
  }

  #info({ scope, name }: LeaseName, row: Row): LockInfo {
    const { by, holder, purpose, since, pid, host } = holderIn(row);
    const seen = this.#lifeHere(row);
    const life = seen === 'dead' || isOver(row) ? 'dead' : 'alive';
    const path = `${this.deps.database.location} (${scope} ${name})`;
    return {
      by,
      holder,
      purpose,
      since,
      pid,
      host,
      path,
      life,
      alive: life === 'alive',
      ...(life === 'dead' && seen !== 'dead' ? { lapsed: true } : {}),
      ...(life === 'alive' && seen === 'alive' && isStopped(pid) ? { stopped: true } : {}),
    };
  }

  /** What is seen of the process itself from here. */
  #lifeHere(row: Row): LockInfo['life'] {
    return lifeOf(holderIn(row), this.deps.here);
  }

  #hold(of: LeaseName, owner: LockOwner, { token, claim }: Pick<Held, 'claim'> & { readonly token: string }, sent: Moment): HeldRow {
    const { leaseMs } = this.deps;
    const lease = new HeldLease(`${owner.purpose} (${owner.holder}): its lock ${of.name}`, leaseMs, sent);
    const held: Held = { claim, of, owner, lease };
    this.#held.set(token, held);
    this.#timer ??= setInterval(() => void this.#renewAll(), leaseMs / RENEWALS).unref();
    return {
      token,
      expires: true,
      signal: lease.signal,
      assertHeld: () => lease.assertHeld(),
      check: async () => {
        if (lease.over !== undefined) throw lease.over;
        await this.deps.database.patiently(async () => await this.#renew([[token, held]]));
        if (lease.over !== undefined) throw lease.over;
      },
      release: async () => await this.#release(token, held),
    };
  }

  async #release(token: string, { claim, of, owner, lease }: Held): Promise<void> {
    this.#held.delete(token);
    lease.end(lostLease(of, owner, this.deps.leaseMs, undefined));
    if (this.#held.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const { database } = this.deps;
    // One that cannot be given back ends by itself.
    await database
      .ask(
        `DELETE FROM ${database.s}lease WHERE scope = $1 AND name = $2 AND token = $3 AND claim = $4`,
        [of.scope, of.name, token, claim],
        GIVING_BACK_MS,
      )
      .catch(() => undefined);
  }

  /** Never throws. What could not be renewed within its lease is lost: another process may have it. */
  async #renewAll(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const held = [...this.#held];
    try {
      await this.#renew(held);
    } catch {
      for (const [, { of, owner, lease }] of held)
        if (lease.hasRunOut) lease.lose(lostLease(of, owner, this.deps.leaseMs, `${this.deps.database.location} could not be reached`));
    } finally {
      this.#renewing = false;
    }
  }

  /** One statement for all of them; those that are not there are lost. Throws what asking throws. */
  async #renew(held: readonly (readonly [token: string, held: Held])[]): Promise<void> {
    const { database, leaseMs } = this.deps;
    const sent = momentNow();
    const rows = await database.once(
      `UPDATE ${database.s}lease SET until = clock_timestamp() + lease_ms * interval '1 millisecond'
       WHERE (token, claim) IN (SELECT * FROM unnest($1::bigint[], $2::text[])) RETURNING token`,
      [held.map(([token]) => token), held.map(([, { claim }]) => claim)],
    );
    const renewed = new Set(rows.map((row) => row['token']));
    for (const [token, { of, owner, lease }] of held) {
      if (renewed.has(token)) lease.confirm(sent);
      else if (this.#held.has(token)) lease.lose(lostLease(of, owner, leaseMs, 'another process took it over, or someone took it away'));
    }
  }
}

const LIVE = `(extract(epoch FROM until - clock_timestamp()) * 1000)::bigint AS left_ms`;

/** So many tokens are given before an epoch could reach into the next. */
export const TOKENS_IN_EPOCH = 1_000_000_000_000n;

/**
 * Begins a statement that gives a token: writes down that another server took over since, with a new epoch. Behind a pooler no connection
 * tells of that.
 */
function notingTimeline(s: string, timeline: string): string {
  return `WITH noted AS (UPDATE ${s}workspace SET epoch = epoch + 1, timeline = ${timeline} WHERE timeline <> ${timeline})`;
}

/**
 * Higher than every earlier one, also after a failover or a restored backup. What {@link notingTimeline} writes is not seen by the
 * statement itself, nor by another one that waits for it.
 */
function newToken(s: string, timeline: string): string {
  return `(SELECT epoch + (timeline <> ${timeline})::int FROM ${s}workspace) * ${String(TOKENS_IN_EPOCH)} + nextval('${s}token')`;
}

function isOver(row: Row): boolean {
  return Number(row['left_ms']) <= 0;
}

function holderIn(row: Row): Holder {
  return JSON.parse(row['info'] ?? '{}') as Holder;
}

function lostLease(of: LeaseName, { holder, purpose }: LockOwner, leaseMs: number, because: string | undefined): RunbackError {
  return new RunbackError('fenced', `${purpose} (${holder}) has lost its lock ${of.name}`, {
    why: `It was not renewed within its lease of ${formatDuration(leaseMs)}${because === undefined ? '' : `: ${because}`}.`,
    state: 'Nothing more is done by this process. What it did is in its journal.',
    next: 'See the current state: runback status',
    data: { holder },
  });
}
