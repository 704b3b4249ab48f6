import { setTimeout as pause } from 'node:timers/promises';

import { type HubSpotSandbox, integration, person, seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { confirmation, fileSyncs, openOperator, type Answered, type Operator } from './operator.js';

type Values = Readonly<Record<string, string>>;

/** An account with people and companies, a verified snapshot of it, and who writes to it. */
export interface Account {
  readonly sandbox: HubSpotSandbox;
  readonly operator: Operator;
  readonly contacts: readonly string[];
  readonly companies: readonly string[];
  readonly base: string;
  /** The sync that does damage, as the history names it. */
  readonly feed: ReturnType<HubSpotSandbox['writeAs']>;
  /** A colleague. */
  readonly maya: ReturnType<HubSpotSandbox['writeAs']>;
  /** Every record and link as text, sorted. */
  lines(): readonly string[];
  /** The same as the account was before the damage, with these values of contacts (by number; null: none). */
  linesWith(changes: Readonly<Record<number, Readonly<Record<string, string | null>>>>): readonly string[];
  /**
   * Runs a runbook to its end. `answers`: by question, told how often it was asked; where it gives nothing, or is not
   * there, the person agrees.
   */
  follow(runbook: string, inputs: Values, answers: Readonly<Record<string, (times: number) => unknown>>): Promise<Followed>;
  close(): Promise<void>;
}

/** A run that came to its end, and what it asked. */
export interface Followed {
  readonly ended: Answered;
  readonly asked: readonly string[];
}

/** Opens an account; `prepare` puts good values there before the snapshot is taken. */
export async function openAccount(prepare: (account: Pick<Account, 'sandbox' | 'contacts' | 'maya'>) => void = () => {}): Promise<Account> {
  const sandbox = await startHubSpotSandbox({ seed: 5, limits: { per10s: 100_000, searchPerSecond: 10_000 } });
  const { contacts, companies } = seedMessy(sandbox, { contacts: 30, companies: 4, deals: 0, seed: 5 });
  const maya = sandbox.writeAs(person(7));
  prepare({ sandbox, contacts, maya });
  const [good, links] = [recordsOf(sandbox), [...sandbox.truth().links()]];
  const operator = await openOperator(
    `version: 1
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox
    account: "${sandbox.portalId}"
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [contacts, companies]
    limits: { requests_per_10s: 10000 }
    options: { settle: 0s }
${fileSyncs('hubspot', 'INTEGRATION:48621')}restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { token: sandbox.token },
  );
  const base = String((await operator.done('snapshot', 'create', '--platform', 'hubspot'))['id']);
  await operator.done('snapshot', 'verify', base);
  // What comes now bears another time.
  await pause(5);
  return {
    sandbox,
    operator,
    contacts,
    companies,
    base,
    maya,
    feed: sandbox.writeAs(integration('48621', 'Feed')),
    lines: () => linesOf(recordsOf(sandbox), [...sandbox.truth().links()]),
    linesWith: (changes) => {
      const changed = good.map((record) => {
        const change = changes[contacts.indexOf(record.key)];
        const values = { ...record.values, ...change };
        return { ...record, values: Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null)) };
      });
      return linesOf(changed, links);
    },
    follow: async (runbook, inputs, answers) => {
      const asked: string[] = [];
      const given = Object.entries({ platform: 'hubspot', ...inputs }).flatMap(([name, value]) => ['--input', `${name}=${value}`]);
      const ended = await operator.follow(['runbook', 'run', runbook, ...given], async (question, times) => {
        asked.push(question);
        const answer = await answers[question]?.(times);
        if (answer !== undefined) return answer;
        if (question === 'apply') return confirmation(operator);
        return question === 'allow' ? 'approve' : question === 'fields' ? 'continue' : AGREED.has(question) ? 'yes' : 'done';
      });
      return { ended, asked };
    },
    close: async () => {
      await operator.close();
      await sandbox.stop();
    },
  };
}

interface TrueRecord {
  readonly object: string;
  readonly key: string;
  readonly values: Values;
}

function recordsOf(sandbox: HubSpotSandbox): readonly TrueRecord[] {
  return ['contacts', 'companies'].flatMap((object) => [...sandbox.truth().records(object)].map((record) => ({ object, ...record })));
}

function linesOf(records: readonly TrueRecord[], links: readonly unknown[]): readonly string[] {
  const texts = records.map(({ object, key, values }) => JSON.stringify([object, key, Object.entries(values).sort()]));
  return [...texts, ...links.map((link) => JSON.stringify(link))].sort();
}

/** Decisions that somebody agrees to with "yes"; everything else is done by hand. */
const AGREED: ReadonlySet<string> = new Set(['review', 'release', 'missed', 'agree']);
