import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const LENGTH = 12;

/** A text that nobody could have guessed and that every form of text keeps: small letters and digits. */
export const newNonce = (): string => `rb${Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;

/** Characters that a field has to take. */
export const NONCE_LENGTH = 2 + LENGTH;

/** Whether a value is the text of a run, of whichever. */
export const isNonce = (value: unknown): boolean => typeof value === 'string' && /^rb[a-hj-km-np-z2-9]{12}$/u.test(value);
