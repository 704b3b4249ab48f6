/** Words that different platforms use for one thing. The first one stands for all. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['first name', 'firstname', 'given name', 'forename'],
  ['last name', 'lastname', 'family name', 'surname'],
  ['email', 'e mail', 'email address', 'mail'],
  ['job title', 'jobtitle', 'title', 'position'],
  ['phone', 'phone number', 'telephone', 'business phone', 'tel'],
  ['mobile phone', 'mobilephone', 'mobile phone number', 'mobile', 'cell phone', 'cell'],
  ['fax', 'fax number'],
  ['street', 'street address', 'address', 'mailing street', 'billing street', 'address line 1'],
  ['city', 'mailing city', 'billing city', 'town'],
  ['state', 'state region', 'mailing state', 'billing state', 'mailing state province', 'state province', 'region'],
  ['postal code', 'zip', 'zip code', 'postcode', 'mailing postal code', 'mailing zip postal code', 'billing postal code', 'billing zip postal code'],
  ['country', 'country region', 'mailing country', 'billing country'],
  ['company', 'company name', 'account name', 'organization', 'organisation'],
  ['website', 'website url', 'web site', 'url'],
  ['birthdate', 'date of birth', 'birthday', 'birth date'],
  ['description', 'notes', 'about us', 'message', 'note'],
  ['lead status', 'status'],
  ['lead source', 'source', 'original source'],
  ['employees', 'number of employees', 'numemployees', 'numberofemployees'],
  ['annual revenue', 'annualrevenue', 'revenue'],
  ['email opt out', 'unsubscribed from all email', 'has opted out of email', 'opted out of email'],
  ['language', 'preferred language'],
  ['salutation', 'prefix'],
];

const MEANING: ReadonlyMap<string, string> = new Map(SYNONYMS.flatMap((words) => words.map((word) => [word, words[0] ?? word])));

/** Words of a name: `MailingPostalCode__c`, `hs_lead_status`, `mobile-phone`. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/__c$/u, '')
    .replace(/^hs_/u, '')
    .replaceAll(/([a-z\d])([A-Z])/gu, '$1 $2')
    .replaceAll(/[^\p{L}\d]+/gu, ' ')
    .trim()
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '');
}

/** What a name means, as far as it is one that many platforms have: `MailingCity` and `city` mean the same. */
export function meaningOf(name: string): string {
  const text = wordsOf(name).join(' ');
  return MEANING.get(text) ?? MEANING.get(text.replaceAll(' ', '')) ?? text;
}

/** How alike two names are, from 0 to 1, by the words that they share. */
export function likeness(a: string, b: string): number {
  const [left, right] = [new Set(wordsOf(a)), new Set(wordsOf(b))];
  const both = [...left].filter((word) => right.has(word)).length;
  const all = new Set([...left, ...right]).size;
  return all === 0 ? 0 : both / all;
}
