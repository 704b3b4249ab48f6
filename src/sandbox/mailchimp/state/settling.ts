import type { Account } from './account.js';
import { settleCampaigns } from './campaigns.js';

/** Runs what is due before a write, and what the write sets off after it. */
export function settingOff<T>(account: Account, write: () => T): T {
  settle(account);
  const done = write();
  settle(account);
  return done;
}

export function settle(account: Account): void {
  account.automations.settle();
  settleCampaigns(account);
}
