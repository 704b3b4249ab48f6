import { describe, expect, it } from 'vitest';

import type { Identity, Platform } from '../../src/connectors/index.js';
import { RunbackError } from '../../src/lib/index.js';
import { guardStage } from '../../src/stages/index.js';
import type { PlatformConfig, SecretRef, WorkspaceConfig } from '../../src/workspace/index.js';

const SECRETS: Readonly<Record<string, string>> = {
  'env:PROD': 'secret-of-production',
  'env:COPY': 'secret-of-production',
  'env:STAGE': 'secret-of-staging',
};

const config = (name: string, more: Partial<PlatformConfig>): PlatformConfig => ({
  name,
  connector: 'hubspot',
  environment: 'production',
  credentials: { token: 'env:PROD' as SecretRef },
  limits: {},
  options: {},
  ...more,
});
const stage = config('stage', { environment: 'sandbox', account: '2', credentials: { token: 'env:STAGE' as SecretRef } });
const identity = (more: Partial<Identity> = {}): Identity => ({
  account: '2',
  label: 'Stage',
  environment: 'sandbox',
  scopes: undefined,
  address: 'api.example.com',
  ...more,
});

interface Case {
  readonly stage?: Partial<PlatformConfig>;
  readonly is?: Partial<Identity>;
  readonly opened?: Partial<Platform>;
  /** Who the production platform says it is; undefined where it cannot be asked. */
  readonly production?: Partial<Identity> | undefined;
  readonly declared?: Partial<PlatformConfig>;
}

async function guarded(given: Case): Promise<readonly string[]> {
  const own = { ...stage, ...given.stage };
  const platform = {
    name: own.name,
    identity: identity(given.is),
    environment: own.environment,
    objects: undefined,
    ...given.opened,
  } as unknown as Platform;
  const production = config('crm', { account: '1', ...given.declared });
  const workspace = { platforms: { crm: production, stage: own } } as unknown as WorkspaceConfig;
  const asked = 'production' in given ? given.production : { account: '1' };
  return await guardStage(platform, own, workspace, {
    secret: async (ref) => {
      const found = SECRETS[ref];
      if (found === undefined) throw new RunbackError('secret-missing', `no ${ref}`);
      return await Promise.resolve(found);
    },
    identify: async () => {
      if (asked === undefined) throw new RunbackError('platform-unreachable', 'no answer');
      return await Promise.resolve(identity({ environment: 'production', ...asked }));
    },
    call: {},
  });
}

describe('a stage that is, or may be, production is refused', () => {
  it('lets a staging account of its own through', async () => {
    await expect(guarded({})).resolves.toEqual([]);
  });

  const refused: readonly (readonly [string, Case, RegExp])[] = [
    ['it is declared as production', { stage: { environment: 'production' } }, /It is production/],
    ['it says itself that it is production', { is: { environment: 'production' } }, /It is production/],
    ['neither names its account', { opened: { unnamed: true } }, /Neither runback.yml names its account/],
    [
      'it has the credentials of production, under another name',
      { stage: { credentials: { token: 'env:COPY' as SecretRef } } },
      /same credentials as crm/,
    ],
    ['its account is declared as that of production', { is: { account: '1' } }, /that of crm/],
    [
      'production answers as the same account: another address, DNS or proxy',
      { production: { account: '2' }, declared: { account: undefined } as never },
      /answers for crm too/,
    ],
    [
      'production cannot be asked, and its account is not named',
      { production: undefined, declared: { account: undefined } as never },
      /cannot be told apart from crm/,
    ],
  ];
  it.each(refused)('where %s', async (_, given, why) => {
    await expect(guarded(given)).rejects.toMatchObject({ code: 'stage-refused', exitCode: 6, why: expect.stringMatching(why) as string });
  });

  it('says what could not be looked at where production cannot be asked, but its account is named', async () => {
    await expect(guarded({ production: undefined })).resolves.toEqual(['crm, which is production, could not be asked who it is: no answer']);
  });

  it('a production platform of another kind is no concern, unless it has the same credentials', async () => {
    await expect(guarded({ declared: { connector: 'postgres' } })).resolves.toEqual([]);
    await expect(guarded({ declared: { connector: 'postgres', credentials: { x: 'env:STAGE' as SecretRef } } })).rejects.toMatchObject({
      code: 'stage-refused',
    });
  });
});
