import type { Platform } from '../../connectors/index.js';
import { RunbackError } from '../../lib/index.js';
import type { PlanHeader } from '../types.js';

/** A plan is bound to the platform it was made for, and a platform that nothing names is not written to. */

/**
 * What has to fit before a plan is applied, resumed, undone or verified on a platform: its account, its environment and
 * its address. A copy of a database on another server has the same account. `movedTo`: a person said that the very same
 * platform is now at this address. Throws `plan-other-account`.
 */
export function checkAccount(header: PlanHeader, platform: Platform, movedTo?: string): void {
  const { account, address } = platform.identity;
  const state = 'Nothing was written.';
  const again = `Make a plan for this one: runback restore plan --platform ${platform.name} --base <snapshot>`;
  if (header.account !== account || header.environment !== platform.environment)
    throw new RunbackError('plan-other-account', `Plan ${header.id} is not for this account`, {
      why: `It was made for account ${header.account} (${header.environment}); ${platform.name} is account ${account} (${platform.environment}).`,
      state,
      next: again,
    });
  if (header.address === undefined || placeOf(header.address) === placeOf(address)) return;
  if (movedTo !== undefined && placeOf(movedTo) === placeOf(address)) return;
  throw new RunbackError('plan-other-account', `Plan ${header.id} was made at another address`, {
    why: `It was made for account ${account} at ${header.address}; ${platform.name} is at ${address}. A copy on another server has the same account.`,
    state,
    next: `${again}\nOr, if the same platform moved there, add: --moved-to ${address}`,
    data: { plan: header.id, made: header.address, now: address },
  });
}

/**
 * A platform that is not production is not written to before somebody said which one it is: by `account:` in
 * runback.yml, or by a marker of its own that names its environment. Production without an account is not even opened.
 * Throws `wrong-account`.
 */
export function checkNamed(platform: Platform): void {
  if (platform.unnamed !== true) return;
  const { account, address, label } = platform.identity;
  const marker =
    platform.connector.kind === 'postgres'
      ? `\nOr mark the database itself: ALTER DATABASE … SET runback.environment = '${platform.environment}';`
      : '';
  throw new RunbackError('wrong-account', `Nothing says which platform ${platform.name} is`, {
    why: `runback.yml calls it ${platform.environment} and names no account, and the platform does not say what it is. ${address} says it is account ${account} (${label}).`,
    state: 'Nothing was written.',
    next: `If that is right, put this under ${platform.name} in runback.yml:  account: ${JSON.stringify(account)}${marker}`,
    data: { platform: platform.name, account, address },
  });
}

/** One machine has several names for itself. */
function placeOf(address: string): string {
  return address.toLowerCase().replace(/^(?:localhost|127\.0\.0\.1|\[?::1\]?)(?=:\d+$)/u, 'localhost');
}
