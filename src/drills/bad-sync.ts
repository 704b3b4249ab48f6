import { type HubSpotSandbox, seedMessy, startHubSpotSandbox } from '../sandbox/index.js';
import { startIntegration, type Integration } from '../stages/index.js';
import type { Score } from '../stages/index.js';
import { ordinaryDays } from './ordinary-days.js';
import { type Cast, type DamageDone, Story } from './story.js';

/** Sizes of the story. */
export interface BadSyncOptions {
  readonly contacts: number;
  readonly companies: number;
  readonly deals: number;
  readonly seed: number;
  /** Default: free ports, and the sandbox's own token. */
  readonly fixed?: { readonly port: number; readonly syncPort: number; readonly token: string };
}

/** The story of a sync that goes wrong in a local HubSpot sandbox, and the truth to judge its repair by. */
export interface BadSync {
  readonly sandbox: HubSpotSandbox;
  readonly integration: Integration;
  /** Fields that the sync writes rightly, before, during and after the failure. */
  readonly rightfulFields: readonly string[];
  /** See {@link Story.goWrong}. */
  goWrong(): DamageDone;
  /** See {@link Story.colleagueWorks}. */
  colleagueWorks(): number;
  score(): Score;
  stop(): Promise<void>;
}

/** The story as HubSpot names things. */
const CAST: Cast = {
  objects: ['contacts', 'companies', 'deals'],
  object: 'contacts',
  linked: 'companies',
  fields: {
    given: 'firstname',
    family: 'lastname',
    phone: 'phone',
    email: 'email',
    job: 'jobtitle',
    city: 'city',
    points: 'loyalty_points',
  },
  sync: { kind: 'integration', id: '48621', label: 'CRM to marketing platform' },
  colleague: { kind: 'person', id: '4711' },
};

/** Rightful writes of the sync in the moment in which it goes wrong. */
const AT_ONCE = 5;

/** Starts the sandbox, fills it, and starts the sync that keeps writing. */
export async function stageBadSync(options: BadSyncOptions): Promise<BadSync> {
  const { fixed } = options;
  const sandbox = await startHubSpotSandbox({ seed: options.seed, ...(fixed && { port: fixed.port, token: fixed.token }) });
  seedMessy(sandbox, options);
  ordinaryDays(sandbox, CAST, options.seed);
  const story = new Story(sandbox, CAST, options.seed);
  const integration = await startIntegration(() => story.rightfulWrite(), { port: fixed?.syncPort });
  return {
    sandbox,
    integration,
    rightfulFields: [CAST.fields.points],
    goWrong() {
      const done = story.goWrong();
      // Its ordinary work shows at once, however soon somebody looks.
      for (let n = 0; n < AT_ONCE; n += 1) story.rightfulWrite();
      return done;
    },
    colleagueWorks: () => story.colleagueWorks(),
    score: () => story.score(),
    async stop() {
      await integration.stop();
      await sandbox.stop();
    },
  };
}
