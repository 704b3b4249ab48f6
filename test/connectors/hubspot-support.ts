import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';

import { openConnector } from '../../src/connectors/hubspot/index.js';
import type { Connector } from '../../src/connectors/index.js';
import type { Clock } from '../../src/lib/index.js';
import type { LinkSchema, ObjectSchema } from '../../src/records/index.js';
import { startHubSpotSandbox, type HubSpotSandbox, type HubSpotSandboxOptions } from '../../src/sandbox/index.js';
import type { PlatformConfig, SecretRef } from '../../src/workspace/index.js';

/**
 * A clock that both sides share: whoever sleeps moves it. So a minute of waiting costs no time, and limits still mean
 * something.
 */
export class SharedClock implements Clock {
  #ms: number;
  constructor(startMs = Date.parse('2026-03-01T08:00:00Z')) {
    this.#ms = startMs;
  }
  slept = 0;
  now(): Date {
    return new Date(this.#ms);
  }
  monotonicMs(): number {
    return this.#ms;
  }
  advance(ms: number): void {
    this.#ms += ms;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // Several that sleep at once sleep the same time, not one after the other.
    const until = this.#ms + ms;
    this.slept += ms;
    await new Promise((resolve) => setImmediate(resolve));
    this.#ms = Math.max(this.#ms, until);
  }
}

/**
 * Such a clock for the driver alone: it stands still while a request is under way, as if every answer came at once.
 * Without it a slow machine would see minutes pass between a question and its answer.
 */
export class SwiftAnswers implements Clock {
  readonly #clock: Clock;
  #underWay = 0;
  readonly #sent = (): void => void (this.#underWay += 1);
  readonly #ended = (): void => void (this.#underWay -= 1);

  constructor(clock: Clock) {
    this.#clock = clock;
    subscribe('undici:request:create', this.#sent);
    subscribe('undici:request:trailers', this.#ended);
    subscribe('undici:request:error', this.#ended);
  }
  now(): Date {
    return this.#clock.now();
  }
  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.monotonicMs() + ms;
    // An answer that is here is read in the turn that follows.
    do await turn();
    while (this.#underWay > 0);
    await this.#clock.sleep(Math.max(0, until - this.monotonicMs()), signal);
  }
  stop(): void {
    unsubscribe('undici:request:create', this.#sent);
    unsubscribe('undici:request:trailers', this.#ended);
    unsubscribe('undici:request:error', this.#ended);
  }
}

export interface Bench {
  readonly sandbox: HubSpotSandbox;
  readonly connector: Connector;
  readonly clock: SharedClock;
  schema(object: string): Promise<ObjectSchema>;
  link(from: string, to: string, kind: string): Promise<LinkSchema>;
  stop(): Promise<void>;
}

/**
 * A sandbox and a connector to it. `config` overrides what runback.yml would say; `swift` gives the driver {@link
 * SwiftAnswers}.
 */
export async function openBench(options: HubSpotSandboxOptions = {}, config: Partial<PlatformConfig> = {}, swift = false): Promise<Bench> {
  const clock = new SharedClock();
  const sandbox = await startHubSpotSandbox({ clock, ...options });
  const answers = swift ? new SwiftAnswers(clock) : undefined;
  const secret = async (): Promise<string> => await Promise.resolve(sandbox.token);
  const connector = await openConnector(configOf(sandbox, config), { secret, clock: answers ?? clock });
  return {
    sandbox,
    connector,
    clock,
    schema: async (object) => {
      const { objects } = await connector.describe([object]);
      const [schema] = objects;
      if (!schema) throw new Error(`no schema of ${object}`);
      return schema;
    },
    link: async (from, to, kind) => {
      const { links } = await connector.describe([from, to]);
      const link = links.find((one) => one.from === from && one.to === to && one.kind === kind);
      if (!link) throw new Error(`no link ${kind} among ${links.map((one) => `${one.from}~${one.to}~${one.kind}`).join(', ')}`);
      return link;
    },
    stop: async () => {
      answers?.stop();
      await connector.close();
      await sandbox.stop();
    },
  };
}

export function configOf(sandbox: HubSpotSandbox, config: Partial<PlatformConfig> = {}): PlatformConfig {
  return {
    name: 'crm',
    connector: 'hubspot',
    environment: 'sandbox',
    account: String(sandbox.portalId),
    url: sandbox.url,
    credentials: { token: 'env:HUBSPOT_TOKEN' as SecretRef },
    limits: {},
    options: {},
    ...config,
  };
}

const SEEDER = { source: { type: 'IMPORT', id: '77' } };

/** Creates records without HTTP, as an import would; gives their ids. */
export function seed(sandbox: HubSpotSandbox, object: string, values: readonly Readonly<Record<string, string>>[]): readonly string[] {
  return values.map((each) => sandbox.portal.create(sandbox.portal.types.get(object), each, SEEDER).id);
}

/** What the sandbox itself holds for a live record. */
export function truth(sandbox: HubSpotSandbox, object: string, id: string): Readonly<Record<string, string>> | undefined {
  const record = sandbox.portal.table(sandbox.portal.types.get(object)).find(id);
  return record?.values;
}

/** `count` plain contacts. */
export function people(count: number): readonly Readonly<Record<string, string>>[] {
  return Array.from({ length: count }, (_, n) => ({
    email: `person${String(n)}@example.com`,
    firstname: `Person ${String(n)}`,
    phone: `+1 555 ${String(1000 + n)}`,
  }));
}

/** Everything an async iterable gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
