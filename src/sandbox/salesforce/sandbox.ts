import { randomBytes, randomUUID } from 'node:crypto';

import { type Clock, systemClock } from '../../lib/index.js';
import { automatedHandle } from '../kit/automations/handle.js';
import { RequestCounter } from '../kit/counts.js';
import { LateRequests } from '../kit/late.js';
import { type Served, serve } from '../kit/serve.js';
import { stopBoth, WebhookSender } from '../kit/webhooks/webhooks.js';
import { salesforceApi } from './api.js';
import { type ConnectedApp, OAuth } from './auth/oauth.js';
import { Sessions } from './auth/sessions.js';
import { IngestJobs } from './bulk/ingest-jobs.js';
import { queryJobRoutes } from './bulk/query-jobs.js';
import { salesforceControls } from './control.js';
import { DirectWriter } from './direct.js';
import { salesforceFaults } from './faults.js';
import type { SalesforceSandbox } from './handle.js';
import { ApiUsage, DEFAULT_LIMITS, type LimitSettings } from './limits.js';
import { accountRoutes } from './routes/account.js';
import { collectionRoutes } from './routes/collections.js';
import { compositeRoute } from './routes/composite.js';
import { listViewRoutes } from './routes/list-views.js';
import { queryRoutes } from './routes/query.js';
import { recordRoutes } from './routes/records.js';
import { replicationRoutes } from './routes/replication.js';
import type { ApiContext, SalesforceRoute } from './routes/route.js';
import { SOAP_PATH, soapRoute } from './routes/soap.js';
import { toolingRoutes } from './routes/tooling.js';
import type { OrgDescription } from './schema/description.js';
import { dumpOrg, loadOrg } from './state/dump.js';
import { ID_IN_PATH } from './state/ids.js';
import { setOptions } from './state/options.js';
import { Org, type OrgFacts } from './state/org.js';
import { truthOf } from './truth.js';
import { outboundMessages } from './webhooks.js';

/** How a sandbox starts. Everything has a default. */
export interface SalesforceSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Loopback only: `127.0.0.1` (default) or `::1`; anything else is refused. */
  readonly host?: string;
  /** A session that does not end by itself; made at the start by default. */
  readonly token?: string;
  /** The connected app; made at the start by default. */
  readonly connectedApp?: Partial<ConnectedApp>;
  /** How long a session may lie unused: two hours by default. */
  readonly sessionMs?: number;
  readonly limits?: Partial<LimitSettings>;
  /** Custom objects, fields, rules: how the account differs from a fresh one. */
  readonly description?: OrgDescription;
  readonly facts?: Partial<OrgFacts>;
  /** Whether the user of the API may set audit fields (`CreatedDate`) on create. Default false. */
  readonly auditFields?: boolean;
  /** How long jobs of the Bulk API take. Default 0: they are done when they are looked at. */
  readonly bulkMs?: number;
  /**
   * So long after others wrote it (`writeAs`), queries show what was there before, as while a long transaction has not ended: the record is
   * stamped earlier than it is seen. Default 0.
   */
  readonly queryLagMs?: number;
  readonly clock?: Clock;
}

const IDLE_MS = 2 * 3_600_000;
const FACTS: OrgFacts = { seesAll: true, isSandbox: true, instance: 'CS42', pod: '7Q', name: 'Example Ltd' };

/**
 * Starts a local server that speaks Salesforce's API on this machine's loopback address. Rejects for any other address,
 * and for a description of what cannot be.
 */
export async function startSalesforceSandbox(options: SalesforceSandboxOptions = {}): Promise<SalesforceSandbox> {
  const clock = options.clock ?? systemClock;
  const org = new Org({ ...FACTS, ...options.facts }, options.description ?? {}, clock, options.queryLagMs ?? 0);
  const connectedApp: ConnectedApp = {
    clientId: `3MVG9${randomBytes(30).toString('base64url')}`,
    clientSecret: randomUUID(),
    refreshToken: `5Aep8${randomBytes(30).toString('base64url')}`,
    ...options.connectedApp,
  };
  const sessions = new Sessions(clock, options.sessionMs ?? IDLE_MS, org.id);
  const { token } = sessions.open(
    org.apiUserId,
    connectedApp.clientId,
    options.token ?? `${org.id.slice(0, 15)}!AQ${randomBytes(48).toString('base64url')}`,
    true,
  );
  const usage = new ApiUsage(clock, { ...DEFAULT_LIMITS, ...options.limits });
  const webhooks = new WebhookSender(
    clock,
    outboundMessages(org.id, (object, key) => truthOf(org).record(object, key)),
  );
  org.automations.onChange = (change, because) => webhooks.tell({ ...change, because });
  const faults = salesforceFaults(clock);
  const counter = new RequestCounter(ID_IN_PATH);
  let address = '';
  const url = (): string => address;
  const context: ApiContext = { org, usage, auditFields: options.auditFields === true, url };
  const ingest = new IngestJobs(context, options.bulkMs ?? 0);
  const late = new LateRequests(clock);
  const routes: SalesforceRoute[] = [
    ...accountRoutes(context),
    ...queryRoutes(context, () => usage.settings),
    ...replicationRoutes(context),
    ...toolingRoutes(context),
    ...collectionRoutes(context),
    ...listViewRoutes(context),
    ...recordRoutes(context),
    soapRoute(context),
    ...queryJobRoutes(context, options.bulkMs ?? 0),
    ...ingest.routes(),
  ];
  routes.push(compositeRoute(context, [...routes]));
  const oauth = new OAuth({ app: connectedApp, org, sessions, url });
  let firstWrite = 0;
  const settled = (): Org => {
    org.automations.settle();
    org.bin.settle();
    org.archive.settle();
    ingest.settle();
    late.settle();
    return org;
  };
  const handle: Omit<SalesforceSandbox, keyof Served> = {
    kind: 'salesforce',
    account: org.id,
    token,
    ...automatedHandle(org.automations, connectedApp.clientId),
    now: () => clock.now(),
    faults,
    webhooks,
    org,
    unshare: (...ids) => {
      for (const id of ids) org.unshared.add(id);
    },
    connectedApp,
    username: String(org.held(org.schema.get('User'), org.apiUserId).values.Username),
    truth: () => truthOf(settled()),
    writeAs: (who) => new DirectWriter(org, who),
    setOptions: (object, field, values) => setOptions(org, object, field, values),
    writes: () => settled().writes.slice(firstWrite),
    counts: () =>
      counter.report(settled().writes.slice(firstWrite), usage.refused, ({ object, id }) => {
        const values = org.tables.get(org.schema.get(object), id)?.values;
        const name = values?.Email ?? values?.Name;
        return name === undefined ? undefined : String(name);
      }),
    resetCounts: () => {
      counter.reset();
      firstWrite = org.writes.length;
      usage.refused = 0;
    },
    dump: () => dumpOrg(org),
    load: (dump) => loadOrg(org, dump),
    setLimits: (limits) => {
      usage.settings = { ...usage.settings, ...limits };
    },
    renewToken: () => sessions.revive(token),
  };
  const served = await serve({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    clock,
    token,
    api: salesforceApi({ routes, org, sessions, oauth, usage, ingest }),
    faults,
    counter,
    late,
    automations: org.automations,
    controls: () => salesforceControls(sandbox),
    mayCome: ({ method, path, authorization }) => sessions.knows(authorization) || oauth.takes(method, path) || SOAP_PATH.test(path),
  });
  address = served.url;
  const sandbox: SalesforceSandbox = { ...handle, ...served, stop: async () => await stopBoth(webhooks, served) };
  return sandbox;
}
