import type { ToldChange, WebhookForm } from '../kit/webhooks/webhooks.js';
import { hashOf } from './state/ids.js';

/** A change of somebody in an audience, in the words of the vendor. */
interface AudienceEvent {
  readonly type: 'subscribe' | 'unsubscribe' | 'profile' | 'cleaned' | 'upemail';
  readonly data: Readonly<Record<string, string>>;
}

/**
 * Webhooks of an audience (guide on syncing with webhooks, reference of list webhooks): one event a request, as a form. The id of somebody is
 * the hash of the address, so that who changes it (`upemail`) is told by a new id. The fields of `upemail` and `cleaned` are those that
 * listeners in the field read [?].
 */
export function audienceWebhooks(): WebhookForm<AudienceEvent> {
  return {
    most: 1,
    of: eventsOf,
    idOf: String,
    request: (some) => {
      const form = new URLSearchParams();
      for (const { at, about } of some) {
        form.set('type', about.type);
        form.set('fired_at', new Date(at).toISOString().slice(0, 19).replace('T', ' '));
        for (const [name, value] of Object.entries(about.data)) form.set(`data[${name}]`, value);
      }
      return { type: 'application/x-www-form-urlencoded', body: form.toString() };
    },
    taken: (status) => status >= 200 && status < 300,
  };
}

function eventsOf({ object, before, after }: ToldChange): readonly AudienceEvent[] {
  const list = /^members-(.+)$/u.exec(object)?.[1];
  if (list === undefined) return [];
  const dataOf = (values: Readonly<Record<string, string>>): Record<string, string> => {
    const email = values['email_address'] ?? '';
    const merges = Object.entries(values).filter(([name]) => /^[A-Z][A-Z0-9_]*$/u.test(name));
    return {
      id: hashOf(email),
      email,
      list_id: list,
      ...Object.fromEntries(merges.map(([name, value]) => [`merges][${name}`, value])),
      'merges][EMAIL': email,
    };
  };
  if (after === undefined) return [{ type: 'unsubscribe', data: { action: 'delete', ...dataOf(before ?? {}) } }];
  const [was, is] = [before?.['status'], after['status']];
  const events: AudienceEvent[] = [];
  const [old, fresh] = [before?.['email_address'], after['email_address']];
  if (old !== undefined && fresh !== undefined && old !== fresh)
    events.push({ type: 'upemail', data: { list_id: list, new_id: hashOf(fresh), new_email: fresh, old_email: old } });
  if (was !== is && is === 'subscribed') events.push({ type: 'subscribe', data: dataOf(after) });
  else if (was !== is && is === 'unsubscribed') events.push({ type: 'unsubscribe', data: { action: 'unsub', reason: 'manual', ...dataOf(after) } });
  else if (was !== is && is === 'cleaned') events.push({ type: 'cleaned', data: { list_id: list, reason: 'hard', email: fresh ?? '' } });
  else if (before !== undefined && events.length === 0) events.push({ type: 'profile', data: dataOf(after) });
  return events;
}
