/** Texts, numbers and times at the edge of what platforms and people write: the one home of them. */

export const NUMBERS = ['0', '1', '-1', '0.5', '-0.005', '2.345', '999999.995', '12345678901234567890', '0.000000001'] as const;
export const DAYS = ['2024-02-29', '2026-01-01', '2026-03-08', '2026-12-31'] as const;
export const MOMENTS = [
  '2024-02-29T23:59:59.999Z',
  '2026-01-01T00:00:00.000Z',
  '2026-03-08T07:30:00.000Z',
  '2026-11-01T05:30:00.250Z',
  '2026-12-31T12:00:00.000Z',
] as const;
export const TEXTS = ['a', 'José', 'Jose\u0301', '007', 'a;b', 'b;a', 'ÄÖÜ ß', 'a  b', 'a\r\nb', '😀', 'שלום'] as const;
/** All of one number or another, however they are written. */
export const PHONES = ['+14155550123', '(415) 555-0123', '+44 20 7946 0123', '415 555 0123 x12', '0044 20 7946 0123'] as const;
export const ADDRESSES = ['ann@example.com', 'Ann+News@Example.com'] as const;

/** Further texts that come from spreadsheets, other encodings and other scripts. */
export const STRANGE_TEXTS = [
  ['right to left', 'مرحبا بالعالم'],
  ['right to left with digits', 'שלום 42 Smith'],
  ['mojibake', 'JosÃ© GarcÃ\u00ada'],
  ['mojibake of quotes', 'itâ€™s'],
  ['lost characters', 'Mu\uFFFDoz'],
  ['NFC', 'Zoë Ångström'],
  ['NFD', 'Zoë Ångström'.normalize('NFD')],
  ['joined emoji', '👩‍💻'],
  ['other width', 'Ｔｏｋｙｏ'],
  ['formula', '=1+1'],
  ['quotes', `O'Brien "Bob", Jr.`],
  ['a word for nothing', 'NULL'],
  ['markup', '<b>&amp;</b>'],
  ['several addresses', 'ann@example.com; bob@example.com'],
] as const;

/** Phone numbers that a spreadsheet or a person has spoilt: what they were is not certain any longer. */
export const SPOILT_PHONES = [
  ['spreadsheet', '4.479E+11'],
  ['spreadsheet, lost plus', '447700900123'],
  ['spreadsheet, lost zero', '7700900123'],
  ['extension', '+1 415 555 0123 ext. 7'],
  ['apostrophe', "'+447700900123"],
  ['no number', 'call the office'],
] as const;

/** What is no address of one person. */
export const NO_ADDRESSES = [
  ['no address', 'not an address'],
  ['no host', 'ann@'],
  ['several addresses', 'ann@example.com, bob@example.com'],
] as const;
