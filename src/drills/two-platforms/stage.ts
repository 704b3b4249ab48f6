import { systemClock, type Clock } from '../../lib/index.js';
import { startHubSpotSandbox, startSalesforceSandbox, type HubSpotSandbox, type SalesforceSandbox } from '../../sandbox/index.js';
import { startIntegration, type Integration, type Score } from '../../stages/index.js';
import { hubspotSide, salesforceSide } from './people.js';
import { LoopStory, type LoopDone } from './story.js';

/** Who the sync signs in as, on either side. */
const SYNC = { kind: 'integration', id: '48621', label: 'CRM to marketing platform' } as const;

/** Two platforms on this machine, and a sync between them that goes wrong. */
export interface TwoPlatforms {
  readonly hubspot: HubSpotSandbox;
  readonly salesforce: SalesforceSandbox;
  readonly integration: Integration;
  /** How the histories of both platforms name the sync. */
  readonly writers: readonly string[];
  /** See {@link LoopStory.peopleWork}. */
  peopleWork(turn: number): number;
  /** See {@link LoopStory.goWrong}. */
  goWrong(): LoopDone;
  score(): Score;
  stop(): Promise<void>;
}

/** Starts both sandboxes with the same people in them, and the sync. */
export async function stageTwoPlatforms({ people, firms }: { readonly people: number; readonly firms: number }): Promise<TwoPlatforms> {
  // Seconds pass between what happens there; in the end it is now.
  let ahead = -60_000;
  const clock: Clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() + ahead) };
  const hubspot = await startHubSpotSandbox({ seed: 20_261_129, clock });
  const salesforce = await startSalesforceSandbox({
    clock,
    limits: { perDay: 100_000 },
    description: { tracked: { Contact: ['Title', 'Phone', 'MailingCity', 'Department', 'LastName', 'AccountId'] } },
  });
  // The sync is paused by its own controls; what it writes is part of the story.
  const integration = await startIntegration(() => undefined);
  const story = new LoopStory([hubspotSide(hubspot, SYNC), salesforceSide(salesforce, SYNC)], (ms) => (ahead += ms));
  story.fill(people, firms);
  return {
    hubspot,
    salesforce,
    integration,
    writers: [`INTEGRATION:${SYNC.id}`, `integration.${SYNC.id}@example.com`],
    peopleWork: (turn) => story.peopleWork(turn),
    goWrong: () => story.goWrong(),
    score: () => story.score(),
    async stop() {
      await integration.stop();
      await Promise.all([hubspot.stop(), salesforce.stop()]);
    },
  };
}
