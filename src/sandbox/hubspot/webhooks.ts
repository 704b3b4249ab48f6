import type { ToldChange, WebhookForm } from '../kit/webhooks/webhooks.js';
import type { ObjectTypes } from './state/object-type.js';

/** What an event of a CRM object is about. */
interface HubSpotEvent {
  readonly subscriptionType: string;
  readonly objectId: number;
  readonly changeSource: string;
  readonly sourceId: string;
  readonly propertyName?: string;
  readonly propertyValue?: string;
}

const MOST_EVENTS = 100;
const FIRST_ID = 3_816_279_300;

/**
 * Webhooks as HubSpot sends them (developers.hubspot.com, webhooks): a JSON array of up to 100 events; `…creation`, one `…propertyChange` for
 * each property with the value of that moment, `…deletion`. Neither once nor in order: `eventId` and `occurredAt` are what a listener has.
 */
export function hubspotWebhooks(portalId: number, appId: string, types: ObjectTypes): WebhookForm<HubSpotEvent> {
  return {
    most: MOST_EVENTS,
    of: ({ object, key, before, after, because }: ToldChange) => {
      const name = types.get(object).singular.toLowerCase();
      const of = {
        objectId: Number(key),
        changeSource: because.by === 'person' ? 'CRM_UI' : 'INTEGRATION',
        sourceId: because.by === 'api' ? because.app : because.id,
      };
      if (after === undefined) return [{ subscriptionType: `${name}.deletion`, ...of }];
      const changed = Object.keys({ ...before, ...after }).filter((property) => before?.[property] !== after[property]);
      const events = changed.map((property) => ({
        subscriptionType: `${name}.propertyChange`,
        ...of,
        propertyName: property,
        propertyValue: after[property] ?? '',
      }));
      return before === undefined ? [{ subscriptionType: `${name}.creation`, ...of }, ...events] : events;
    },
    idOf: (n) => String(FIRST_ID + n),
    request: (some, attemptNumber) => ({
      type: 'application/json',
      body: JSON.stringify(
        some.map(({ id, at, about }) => ({
          eventId: Number(id),
          subscriptionId: 25,
          portalId,
          appId: Number(appId) || 0,
          occurredAt: at,
          attemptNumber,
          ...about,
        })),
      ),
    }),
    // Any other status is tried again, as far as that makes sense: what a listener refuses is not.
    taken: (status) => (status >= 200 && status < 300) || [400, 401, 403, 404, 405].includes(status),
  };
}
