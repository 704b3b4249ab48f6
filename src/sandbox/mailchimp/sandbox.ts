import { randomBytes } from 'node:crypto';

import { type Clock, systemClock } from '../../lib/index.js';
import { automatedHandle } from '../kit/automations/handle.js';
import { RequestCounter } from '../kit/counts.js';
import { LateRequests } from '../kit/late.js';
import { serve, type Served } from '../kit/serve.js';
import { stopBoth, WebhookSender } from '../kit/webhooks/webhooks.js';
import { keyIn, mailchimpApi } from './api.js';
import { Batches, RESULTS_PATH } from './batches/batches.js';
import { mailchimpControls } from './control.js';
import { DirectWriter } from './direct.js';
import { mailchimpFaults } from './faults.js';
import type { MailchimpSandbox } from './handle.js';
import { DEFAULT_LIMITS, type LimitSettings, Load } from './limits.js';
import { automationRoutes } from './routes/automations.js';
import { batchSubscribeRoute } from './routes/batch-subscribe.js';
import { campaignRoutes } from './routes/campaigns.js';
import { interestRoutes } from './routes/interests.js';
import { listRoutes } from './routes/lists.js';
import { memberPartRoutes } from './routes/member-parts.js';
import { memberRoutes } from './routes/members.js';
import { mergeFieldRoutes } from './routes/merge-fields.js';
import { type ApiContext, APP, type MailchimpRoute } from './routes/route.js';
import { segmentRoutes } from './routes/segments.js';
import { Account, type AccountFacts } from './state/account.js';
import { automatedAccount } from './state/automated.js';
import { addCampaign } from './state/campaigns.js';
import type { AudienceDescription } from './state/description.js';
import { dumpAccount, loadAccount } from './state/dump.js';
import { ID_IN_PATH } from './state/ids.js';
import { importMember } from './state/imported.js';
import { findMember } from './state/members.js';
import { setOptions } from './state/options.js';
import { recordOf } from './state/records.js';
import { settle } from './state/settling.js';
import { truthOf } from './truth.js';
import { audienceWebhooks } from './webhooks.js';

/** How a sandbox starts. Everything has a default. */
export interface MailchimpSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Loopback only: `127.0.0.1` (default) or `::1`; anything else is refused. */
  readonly host?: string;
  /** The API key, with its data center: made at the start by default, for `us21`. */
  readonly token?: string;
  /** Default: one, `8a1f0c2d3e`, as a new one is. */
  readonly audiences?: readonly AudienceDescription[];
  readonly limits?: Partial<LimitSettings>;
  readonly facts?: Partial<AccountFacts>;
  /** Hosts whose addresses look fake, in addition to names that never lead anywhere. */
  readonly fakeHosts?: readonly string[];
  /**
   * Whether somebody whom the API, or an integration, unsubscribed can no longer be subscribed by them. Reports about
   * the platform differ. Default false: only who left by themselves.
   */
  readonly unsubscribedStays?: boolean;
  readonly mergeFieldLimit?: number;
  /** Accounts that are named differently here give no contact the same id. Default: no name. */
  readonly contacts?: string;
  /** How long batches take. Default 0: they are done when they are looked at. */
  readonly batchMs?: number;
  readonly clock?: Clock;
}

/** The audience of an account for which none was described. */
export const FIRST_AUDIENCE = '8a1f0c2d3e';
const FACTS: AccountFacts = { id: '8d3a3db4d97663a9074efcc16', name: 'Example Ltd', plan: 'monthly', email: 'owner@example.com' };

/** Starts a local server that speaks Mailchimp's Marketing API on this machine's loopback address. Rejects for any other address. */
export async function startMailchimpSandbox(options: MailchimpSandboxOptions = {}): Promise<MailchimpSandbox> {
  const clock = options.clock ?? systemClock;
  const token = options.token ?? `${randomBytes(16).toString('hex')}-us21`;
  const account = accountOf(options, clock);
  const load = new Load(clock, { ...DEFAULT_LIMITS, ...options.limits });
  const webhooks = new WebhookSender(clock, audienceWebhooks());
  account.automations.onChange = (change, because) => webhooks.tell({ ...change, because });
  const faults = mailchimpFaults(clock);
  const counter = new RequestCounter(ID_IN_PATH);
  const late = new LateRequests(clock);
  let address = '';
  const url = (): string => address;
  const context: ApiContext = { account, url };
  const routes = endpoints(context);
  const batches = new Batches(context, options.batchMs ?? 0, () => routes);
  let firstWrite = 0;
  const settled = (): Account => {
    late.settle();
    settle(account);
    batches.settle();
    settle(account);
    return account;
  };
  const writes = () => settled().writes.slice(firstWrite);
  const automated = automatedHandle(account.automations, APP);
  const handle: Omit<MailchimpSandbox, keyof Served> = {
    kind: 'mailchimp',
    account: account.facts.id,
    token,
    ...automated,
    effects: () => (settled(), automated.effects()),
    now: () => clock.now(),
    faults,
    webhooks,
    get audiences() {
      return [...account.audiences.keys()];
    },
    truth: () => truthOf(settled()),
    writeAs: (who) => new DirectWriter(account, who),
    setOptions: (object, field, values) => setOptions(account, object, field, values),
    addAudience: (description) => account.addAudience(description).id,
    importMembers: (id, members) => {
      const audience = account.audience(id);
      for (const each of members) importMember(account, audience, each);
    },
    addCampaign: (description) => addCampaign(account, description).id,
    member: (audience, name) => findMember(settled().audience(audience), name),
    writes,
    counts: () => counter.report(writes(), load.refused, ({ object, id }) => nameOf(account, object, id)),
    resetCounts: () => {
      counter.reset();
      firstWrite = account.writes.length;
      load.refused = 0;
    },
    dump: () => dumpAccount(settled()),
    load: (dump) => loadAccount(account, dump),
    setLimits: (limits) => {
      load.settings = { ...load.settings, ...limits };
    },
  };
  const served = await serve({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    clock,
    token,
    api: mailchimpApi({ routes: [...routes, ...batches.endpoints()], token, load, batches, url }),
    faults,
    counter,
    late,
    automations: { settle: () => void settled() },
    controls: () => mailchimpControls(sandbox),
    arrives: () => load.arrives(),
    mayCome: ({ method, path, authorization }) => keyIn(authorization) === token || (method === 'GET' && path.startsWith(RESULTS_PATH)),
  });
  address = served.url;
  const sandbox: MailchimpSandbox = Object.defineProperties(
    { ...served, stop: async () => await stopBoth(webhooks, served) },
    Object.getOwnPropertyDescriptors(handle),
  ) as MailchimpSandbox;
  return sandbox;
}

function accountOf(options: MailchimpSandboxOptions, clock: Clock): Account {
  const { fakeHosts = [], unsubscribedStays = false, mergeFieldLimit = 80, contacts = '', audiences = [{ id: FIRST_AUDIENCE }] } = options;
  const settings = { fakeHosts: new Set(fakeHosts.map((each) => each.toLowerCase())), unsubscribedStays, mergeFieldLimit, contacts };
  const account = new Account({ ...FACTS, ...options.facts }, settings, clock, automatedAccount);
  for (const each of audiences) account.addAudience(each);
  return account;
}

function endpoints(context: ApiContext): readonly MailchimpRoute[] {
  return [
    ...listRoutes(context),
    batchSubscribeRoute(context),
    ...mergeFieldRoutes(context),
    ...interestRoutes(context),
    ...memberRoutes(context),
    ...memberPartRoutes(context),
    ...segmentRoutes(context),
    ...campaignRoutes(context),
    ...automationRoutes(context),
  ];
}

/** What a created record is known by. */
function nameOf(account: Account, object: string, id: string): string | undefined {
  const values = recordOf(account, object, id);
  return values?.['email_address'] ?? values?.['name'];
}
