import type { Identity } from '../../connectors/index.js';
import type { PlatformConfig } from '../../workspace/index.js';
import { loginsIn, type ResolveSecret, secretsOf, shareSecret } from '../credentials.js';

/** What tells two platforms apart, or does not. No secret is in it. */
export interface Apart {
  readonly what: 'credentials' | 'account' | 'host';
  /** `shared`: both have it, which is no fault of a host that many accounts of a vendor have in common. */
  readonly is: 'different' | 'same' | 'shared';
}

/** Compares the credentials of two platforms in memory, before either is asked anything; a login in an address too. */
export async function credentialsApart(test: PlatformConfig, production: PlatformConfig, secret: ResolveSecret): Promise<Apart> {
  const [own, theirs] = [await secretsOf(test, secret), await secretsOf(production, secret)];
  const isSame = shareSecret(own, theirs) || shareSecret(loginsIn(own), loginsIn(theirs));
  return { what: 'credentials', is: isSame ? 'same' : 'different' };
}

/** Compares who two platforms say that they are. */
export function identitiesApart(test: Identity, production: Identity): readonly Apart[] {
  return [
    { what: 'account', is: test.account === production.account ? 'same' : 'different' },
    { what: 'host', is: test.address === production.address ? 'shared' : 'different' },
  ];
}
