/** How numbers of a country are dialled. */
export interface PhoneCountry {
  /** Country calling code (ITU-T E.164). */
  readonly code: string;
  /** What stands before a number inside the country, and is no part of it; none in many. */
  readonly trunk?: string;
  /** What is dialled in place of `+`. */
  readonly abroad: string;
  /** Fewest and most digits of a national number, without trunk prefix. */
  readonly digits: readonly [number, number];
}

function country(code: string, trunk: string, abroad: string, fewest: number, most = fewest): PhoneCountry {
  return { code, abroad, digits: [fewest, most], ...(trunk === '' ? {} : { trunk }) };
}

/** Numbers of countries that share the code 1. */
const NANP = country('1', '1', '011', 10);

/**
 * Countries by ISO 3166-1 alpha-2, by the numbering plans that they notified to the ITU (E.164, E.129). Those whose mobile
 * numbers are written differently at home and from abroad (Argentina) are left out: a wrong guess would be worse.
 */
export const PHONE_COUNTRIES: Readonly<Record<string, PhoneCountry>> = {
  US: NANP,
  CA: NANP,
  PR: NANP,
  DO: NANP,
  JM: NANP,
  GB: country('44', '0', '00', 7, 10),
  IE: country('353', '0', '00', 7, 10),
  DE: country('49', '0', '00', 5, 13),
  AT: country('43', '0', '00', 4, 13),
  CH: country('41', '0', '00', 9),
  FR: country('33', '0', '00', 9),
  IT: country('39', '', '00', 6, 11),
  ES: country('34', '', '00', 9),
  PT: country('351', '', '00', 9),
  NL: country('31', '0', '00', 7, 10),
  BE: country('32', '0', '00', 8, 9),
  LU: country('352', '', '00', 4, 11),
  DK: country('45', '', '00', 8),
  SE: country('46', '0', '00', 6, 10),
  NO: country('47', '', '00', 8),
  FI: country('358', '0', '00', 5, 12),
  IS: country('354', '', '00', 7, 9),
  PL: country('48', '', '00', 9),
  CZ: country('420', '', '00', 9),
  SK: country('421', '0', '00', 9),
  HU: country('36', '06', '00', 8, 9),
  RO: country('40', '0', '00', 9),
  BG: country('359', '0', '00', 7, 9),
  GR: country('30', '', '00', 10),
  CY: country('357', '', '00', 8),
  MT: country('356', '', '00', 8),
  HR: country('385', '0', '00', 8, 9),
  SI: country('386', '0', '00', 8),
  EE: country('372', '', '00', 7, 8),
  LV: country('371', '', '00', 8),
  UA: country('380', '0', '00', 9),
  TR: country('90', '0', '00', 10),
  IL: country('972', '0', '00', 8, 9),
  AE: country('971', '0', '00', 8, 9),
  SA: country('966', '0', '00', 9),
  EG: country('20', '0', '00', 8, 10),
  MA: country('212', '0', '00', 9),
  ZA: country('27', '0', '00', 9),
  KE: country('254', '0', '000', 9),
  IN: country('91', '0', '00', 10),
  PK: country('92', '0', '00', 9, 10),
  LK: country('94', '0', '00', 9),
  CN: country('86', '0', '00', 9, 11),
  HK: country('852', '', '001', 8),
  TW: country('886', '0', '002', 8, 9),
  JP: country('81', '0', '010', 9, 10),
  MY: country('60', '0', '00', 8, 10),
  TH: country('66', '0', '001', 8, 9),
  VN: country('84', '0', '00', 9, 10),
  PH: country('63', '0', '00', 8, 10),
  AU: country('61', '0', '0011', 9),
  NZ: country('64', '0', '00', 8, 10),
  BR: country('55', '0', '00', 10, 11),
  MX: country('52', '', '00', 10),
  CL: country('56', '', '00', 9),
  CO: country('57', '', '00', 10),
  PE: country('51', '0', '00', 8, 9),
};

/** The country that a number which begins with its code belongs to; of several that share a code, one of them. */
export function countryOfDigits(digits: string): PhoneCountry | undefined {
  return BY_CODE.get(digits.slice(0, 3)) ?? BY_CODE.get(digits.slice(0, 2)) ?? BY_CODE.get(digits.slice(0, 1));
}

const BY_CODE: ReadonlyMap<string, PhoneCountry> = new Map(Object.values(PHONE_COUNTRIES).map((each) => [each.code, each]));
