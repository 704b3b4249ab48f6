import type { WebhookForm } from '../kit/webhooks/webhooks.js';
import type { TrueValues } from '../values.js';

/** A record that something happened to: what stands in it is told as of when it is sent. */
interface Touched {
  readonly object: string;
  readonly key: string;
}

const MOST_NOTIFICATIONS = 100;

/**
 * Outbound messages (SOAP API guide, "Understanding Notifications"): up to 100 in one request, at least once, retried independently of their
 * order, and always with the values of now: intermediate ones are never seen. Deletions are told to nobody. `find`: a live record.
 */
export function outboundMessages(account: string, find: (object: string, key: string) => TrueValues | undefined): WebhookForm<Touched> {
  return {
    most: MOST_NOTIFICATIONS,
    of: ({ object, key, after }) => (after === undefined ? [] : [{ object, key }]),
    idOf: (n) => `04l7Q${String(n).padStart(10, '0')}QAA`,
    request: (some) => ({
      type: 'text/xml; charset=utf-8',
      headers: { SOAPAction: '""' },
      body: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${account}</OrganizationId>${some
        .map(({ id, about: { object, key } }) => {
          const values = Object.entries(find(object, key) ?? {}).map(([name, value]) => `<sf:${name}>${escaped(value)}</sf:${name}>`);
          return `<Notification><Id>${id}</Id><sObject xsi:type="sf:${object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>${key}</sf:Id>${values.join('')}</sObject></Notification>`;
        })
        .join('')}</notifications></soapenv:Body></soapenv:Envelope>`,
    }),
    taken: (status, body) => status === 200 && /<Ack>true<\/Ack>/u.test(body),
  };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
