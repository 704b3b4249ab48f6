// The webinar tool of a journey: people register, and are there some time later.
import { fileURLToPath } from 'node:url';

import type { Clock } from '../../../src/lib/index.js';
import { ZoomStub } from '../../webinars/zoom.js';

export interface WebinarStub {
  readonly account: string;
  readonly url: string;
  readonly token: string;
  /** Path of the description that is shipped. */
  readonly description: string;
  /** Whether the report says that somebody was there. */
  attended(address: string): boolean;
  /** Everybody who has registered comes, and the webinar ends. */
  hold(): void;
  census(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

export async function openWebinars(clock: Clock): Promise<WebinarStub> {
  const zoom = await new ZoomStub({ clock }).start();
  return {
    account: zoom.account,
    url: zoom.url,
    token: zoom.token,
    description: fileURLToPath(new URL('../../../docs/descriptions/zoom-webinars.yml', import.meta.url)),
    attended: (address) => zoom.attended(address),
    hold: () => {
      for (const { values } of zoom.registrants.values()) zoom.join(values['email'] ?? '', 40);
      zoom.end();
    },
    census: () => ({ 'webinar/registrants': zoom.registrants.size }),
    stop: async () => await zoom.stop(),
  };
}
