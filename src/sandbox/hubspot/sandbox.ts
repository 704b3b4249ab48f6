import { randomUUID } from 'node:crypto';

import { systemClock, type Clock } from '../../lib/index.js';
import { automatedHandle } from '../kit/automations/handle.js';
import type { Controls } from '../kit/control.js';
import { RequestCounter } from '../kit/counts.js';
import { LateRequests } from '../kit/late.js';
import { type Served, serve } from '../kit/serve.js';
import { stopBoth, WebhookSender } from '../kit/webhooks/webhooks.js';
import { hubspotApi } from './api.js';
import { ALL_SCOPES, Apps } from './apps.js';
import { hubspotControls } from './control.js';
import { DirectWriter, sourceOf, trueHistory, trueLinks, trueRecords } from './direct.js';
import { recordNotFound } from './failure.js';
import { hubspotFaults } from './faults.js';
import { Forms } from './forms.js';
import type { HubSpotSandbox } from './handle.js';
import { DEFAULT_LIMITS, type LimitSettings } from './limits.js';
import { accountRoutes } from './routes/account.js';
import { activityRoutes } from './routes/activities.js';
import { associationBatchRoutes } from './routes/association-batches.js';
import { associationRoutes } from './routes/associations.js';
import { flowRoutes } from './routes/flows.js';
import { setUpRoutes } from './routes/forms.js';
import { listRoutes } from './routes/lists.js';
import { objectBatchRoutes } from './routes/object-batches.js';
import { objectRoutes } from './routes/objects.js';
import { propertyRoutes } from './routes/properties.js';
import { type ApiContext, type Behaviour, forKit, type Route } from './routes/route.js';
import { schemaRoutes } from './routes/schemas.js';
import { searchRoutes } from './routes/search.js';
import { dumpPortal, loadPortal } from './state/dump.js';
import { setOptions } from './state/options.js';
import { Portal } from './state/portal.js';
import { FRESH_ACCOUNT, type AccountSettings } from './state/reactions/account-settings.js';
import { WORKFLOW } from './state/record.js';
import { SearchIndex } from './state/search-index.js';
import { truthOf } from './truth.js';
import { hubspotWebhooks } from './webhooks.js';

/** How a sandbox starts. Everything has a default. */
export interface HubSpotSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Loopback only: `127.0.0.1` (default) or `::1`; anything else is refused. */
  readonly host?: string;
  /** Made at the start by default. */
  readonly token?: string;
  readonly appId?: string;
  /** Scopes of the token; all by default. */
  readonly scopes?: readonly string[];
  /** The token is one of an app with OAuth, which has no limit of a day. */
  readonly oauth?: boolean;
  readonly portalId?: number;
  /** As account-info tells it: `SANDBOX` (default), `STANDARD`, `DEVELOPER_TEST`, `APP_DEVELOPER`. */
  readonly accountType?: string;
  /** Per app; HubSpot's Free limits by default. */
  readonly limits?: Partial<LimitSettings>;
  readonly searchLagMs?: number;
  /** So long after a write, lists of records show what was there before it; reads by id never do. Default 0. */
  readonly listLagMs?: number;
  /** So long after the answer to a form its contact is made or changed. Default 0. */
  readonly formLagMs?: number;
  readonly shortSearchPageEvery?: number;
  /** Searches tell no total above their 10,000 results, as an index does that stops counting there. Default false. */
  readonly cappedSearchTotal?: boolean;
  readonly associationPageSize?: number;
  /** Longest path and query before 414. */
  readonly longestTarget?: number;
  /**
   * Answers for a single record that is not there with a page instead of JSON, on the older form of the path. Default
   * false.
   */
  readonly notFoundPage?: boolean;
  /** What the account does on its own; by default what a fresh one does. */
  readonly account?: Partial<AccountSettings>;
  readonly clock?: Clock;
  /** Seed of ids and of the order of batch results. */
  readonly seed?: number;
}

/**
 * Starts a local server that speaks HubSpot's API on this machine's loopback address. Rejects for any other address.
 */
export async function startHubSpotSandbox(options: HubSpotSandboxOptions = {}): Promise<HubSpotSandbox> {
  const clock = options.clock ?? systemClock;
  const portalId = options.portalId ?? 62_515;
  // Not known beforehand: what listens on this machine is reached by everything that runs on it.
  const token = options.token ?? `pat-na1-${randomUUID()}`;
  const account = { portalId, accountType: options.accountType ?? 'SANDBOX', uiDomain: 'app.hubspot.com' };
  const behaviour: Behaviour = {
    searchLagMs: options.searchLagMs ?? 0,
    shortSearchPageEvery: options.shortSearchPageEvery ?? 0,
    cappedSearchTotal: options.cappedSearchTotal ?? false,
    associationPageSize: options.associationPageSize ?? 500,
  };
  const portal = new Portal(portalId, clock, options.seed ?? 1, { ...FRESH_ACCOUNT, ...options.account });
  const apps = new Apps(clock, { ...DEFAULT_LIMITS, ...options.limits });
  const scopes = options.scopes ?? ALL_SCOPES;
  const app = apps.add({ token, appId: options.appId ?? '8840213', name: 'runback', scopes, oauth: options.oauth === true });
  const webhooks = new WebhookSender(clock, hubspotWebhooks(portalId, app.appId, portal.types));
  portal.automations.onChange = (change, because) => webhooks.tell({ ...change, because });
  const faults = hubspotFaults(clock);
  const counter = new RequestCounter();
  const late = new LateRequests(clock);
  const indexOf = (lagMs: number): SearchIndex => new SearchIndex(lagMs, (type) => portal.table(type).from(undefined, false), portal.links);
  const [index, listed] = [indexOf(behaviour.searchLagMs), indexOf(options.listLagMs ?? 0)];
  const context: ApiContext = { portal, account, behaviour, faults, ...(listed.lagMs > 0 && { listed }) };
  portal.onChange = (type, record) => {
    for (const each of [index, listed]) each.note(type, record, portal.now());
  };
  const routes: readonly Route[] = [
    ...activityRoutes(context),
    ...searchRoutes(context, index),
    ...schemaRoutes(context),
    ...objectBatchRoutes(context),
    ...objectRoutes(context),
    ...associationBatchRoutes(context),
    ...associationRoutes(context),
    ...propertyRoutes(context),
    ...accountRoutes(context, apps),
    ...flowRoutes(context),
    ...listRoutes(context),
    ...setUpRoutes(context),
  ];
  const forms = new Forms(portal, clock, late, options.formLagMs ?? 0);
  const api = hubspotApi({
    routes: routes.map(forKit),
    apps,
    forms,
    longestTarget: options.longestTarget ?? 16_000,
    notFoundPage: options.notFoundPage ?? false,
  });
  let firstWrite = 0;
  const settled = (): Portal => {
    late.settle();
    portal.automations.settle();
    return portal;
  };
  const handle: Omit<HubSpotSandbox, keyof Served> = {
    kind: 'hubspot',
    account: String(portalId),
    token,
    ...automatedHandle(portal.automations, app.appId),
    automate: (automation) => portal.flows.save(automation),
    now: () => clock.now(),
    truth: () => truthOf(settled()),
    portalId,
    accountType: account.accountType,
    faults,
    webhooks,
    portal,
    records: (object) => trueRecords(settled(), object),
    links: () => trueLinks(settled()),
    history: (object, id, property) => trueHistory(settled(), object, id, property),
    writes: () => settled().writes.slice(firstWrite),
    writeAs: (who) => new DirectWriter(portal, 'kind' in who ? sourceOf(who) : who),
    dump: () => dumpPortal(portal),
    load: (dump) => loadPortal(portal, dump),
    counts: () =>
      counter.report(
        // What a workflow writes is no write that was asked for.
        settled()
          .writes.slice(firstWrite)
          .filter(({ source }) => source.type !== WORKFLOW),
        apps.all().reduce((sum, { limiter }) => sum + limiter.refused.TEN_SECONDLY_ROLLING + limiter.refused.SECONDLY + limiter.refused.DAILY, 0),
        ({ object, id }) => {
          const values = portal.tables.get(object)?.at(id)?.createdWith;
          return values?.email ?? values?.name ?? values?.dealname ?? values?.subject;
        },
      ),
    resetCounts: () => {
      counter.reset();
      firstWrite = portal.writes.length;
      for (const { limiter } of apps.all()) limiter.refused.TEN_SECONDLY_ROLLING = limiter.refused.SECONDLY = limiter.refused.DAILY = 0;
    },
    addApp: (settings) => void apps.add(settings),
    setLimits: (limits) => {
      for (const { limiter } of apps.all()) limiter.settings = { ...limiter.settings, ...limits };
    },
    setOptions: (object, field, options) => setOptions(portal.types.get(object), field, options),
    setAccount: (settings) => {
      portal.settings = { ...portal.settings, ...settings };
    },
    ownerLeaves: (id) => {
      const owner = portal.owners.get(id);
      if (!owner) throw recordNotFound();
      portal.owners.set(id, { ...owner, archived: true });
    },
    renewToken: () => {
      app.expiredAt = undefined;
      for (const scope of scopes) app.scopes.add(scope);
    },
    catchUpSearch: () => {
      index.catchUp();
      listed.catchUp();
    },
  };
  const controls = (): Controls => hubspotControls(sandbox);
  const served = await serve({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    clock,
    token,
    api,
    faults,
    counter,
    late,
    automations: portal.automations,
    controls,
    mayCome: ({ method, path, authorization }) => apps.knows(authorization) || forms.takes(method, path),
  });
  const sandbox: HubSpotSandbox = { ...handle, ...served, stop: async () => await stopBoth(webhooks, served) };
  return sandbox;
}
