import { invalid } from '../failure.js';

const WHOLE = /^[^\s@<>(),;:"[\]\\]+@[^\s@]+$/;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/**
 * An address without the blanks around it. Throws what Mailchimp says of one that is none, or that looks fake: names
 * that never lead anywhere (`.invalid`, `.test`), and hosts of `fakeHosts`.
 */
export function checkedAddress(text: string, fakeHosts: ReadonlySet<string>): string {
  const email = text.trim();
  if (!WHOLE.test(email) || email.length > 254) throw invalid('Please provide a valid email address.');
  const host = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (/\.(?:invalid|test)$/.test(host) || fakeHosts.has(host)) throw invalid(`${email} looks fake or invalid, please enter a real email address.`);
  if (!HOST.test(host)) throw invalid(`The domain portion of the email address is invalid (the portion after the @: ${host})`);
  return email;
}
