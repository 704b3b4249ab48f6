import { describeGlobal, describeObject } from '../schema/describe.js';
import { type ApiContext, on, type SalesforceRoute, VERSIONS, visibilityOf } from './route.js';

/** The versions that are answered, for anybody who asks. */
export const versions = (): readonly unknown[] =>
  Array.from({ length: VERSIONS.newest - VERSIONS.oldest + 1 }, (_, index) => {
    const version = VERSIONS.oldest + index;
    // Three releases a year; version 32 was that of winter '15.
    const since = version - 32;
    const season = ['Winter', 'Spring', 'Summer'][((since % 3) + 3) % 3] ?? '';
    const year = 15 + Math.floor(since / 3);
    return { label: `${season} '${year}`, url: `/services/data/v${version}.0`, version: `${version}.0` };
  });

/** What the account is, what it has, and how much of it is used. */
export function accountRoutes(context: ApiContext): readonly SalesforceRoute[] {
  const { org, usage } = context;
  return [
    on('GET', '', (request, version) => {
      const base = `/services/data/v${version}`;
      const names = ['composite', 'jobs', 'limits', 'query', 'queryAll', 'sobjects'];
      const identity = `${context.url()}/id/${org.id}/${request.caller.userId}`;
      return { status: 200, body: { ...Object.fromEntries(names.map((name) => [name, `${base}/${name}`])), identity } };
    }),
    on('GET', '/limits', () => {
      const { perDay } = usage.settings;
      const untouched = (most: number) => ({ Max: most, Remaining: most });
      const body = {
        ConcurrentAsyncGetReportInstances: untouched(200),
        DailyApiRequests: { Max: perDay, Remaining: Math.max(0, perDay - usage.used) },
        DailyBulkApiBatches: untouched(15_000),
        DailyBulkV2QueryJobs: untouched(10_000),
        DataStorageMB: untouched(1024),
        SingleEmail: untouched(5000),
      };
      return { status: 200, body };
    }),
    on('GET', '/sobjects', (_, version) => ({
      status: 200,
      body: { encoding: 'UTF-8', maxBatchSize: 200, sobjects: org.schema.all().map((object) => describeGlobal(object, version)) },
    })),
    on('GET', '/sobjects/([^/]+)', (_, version, name = '') => ({
      status: 200,
      body: { objectDescribe: describeGlobal(org.schema.get(name), version), recentItems: [] },
    })),
    on('GET', '/sobjects/([^/]+)/describe', (_, version, name = '') => ({
      status: 200,
      body: describeObject(org.schema, org.schema.get(name), version, visibilityOf(context)),
    })),
    identityRoute(context, /^\/id\/[^/]+\/[^/]+$/),
    identityRoute(context, /^\/services\/oauth2\/userinfo$/),
  ];
}

function identityRoute({ org, url }: ApiContext, pattern: RegExp): SalesforceRoute {
  return {
    method: 'GET',
    pattern,
    writes: false,
    handle: ({ caller }) => {
      const { values } = org.held(org.schema.get('User'), caller.userId);
      const id = `${url()}/id/${org.id}/${caller.userId}`;
      const body = { id, user_id: caller.userId, organization_id: org.id, username: values.Username, email: values.Email, active: values.IsActive };
      return { status: 200, body: { ...body, sub: id, display_name: values.Name, user_type: 'STANDARD' } };
    },
  };
}
