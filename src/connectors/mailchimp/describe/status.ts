import type { GuardedValue } from '../../../records/index.js';

/**
 * What writing a status means to the person (reference of `status`, error glossary, public issues): Mailchimp refuses some, sends
 * mail for others, and does not tell what somebody in the archive was.
 */
export const STATUS_GUARDS: readonly GuardedValue[] = [
  {
    from: ['cleaned'],
    to: ['subscribed', 'pending', 'transactional'],
    code: 'irreversible',
    never: true,
    why: 'Mail to this address bounced, and Mailchimp lets no program subscribe it again: the person has to, with a form of Mailchimp.',
  },
  {
    from: ['pending', 'transactional'],
    to: ['subscribed'],
    code: 'consent',
    why: 'This person has not said yes to marketing mail: they were asked to confirm and have not, or were never asked.',
  },
  {
    to: ['pending'],
    code: 'irreversible',
    why: 'Writing pending sends this person a mail that asks to confirm, and a mail that was sent stays sent.',
  },
  {
    to: ['cleaned'],
    when: 'there',
    code: 'irreversible',
    why: 'Mailchimp lets no program subscribe an address again that it was told bounces.',
  },
  {
    to: ['subscribed'],
    when: 'created',
    code: 'consent',
    why: 'Mailchimp does not tell whether this person opted out before they went to the archive: the base may be older than that.',
  },
];

/** Permissions for channels other than mail, as a set of those that are given. */
export const PERMISSION_GUARDS: readonly GuardedValue[] = [
  { adds: true, code: 'consent', why: 'The person does not give this permission now; the base says that they did.' },
];
