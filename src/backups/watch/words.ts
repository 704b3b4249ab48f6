import { counted } from '../../lib/index.js';
import type { Measure } from './types.js';

/** What there was of a measure before. */
export interface Usual {
  readonly most: number;
  readonly days: number;
}

/** A finding in plain words, with its numbers and what is usual. */
export function findingText(measure: Measure, { most, days }: Usual): string {
  const usual =
    measure.kind === 'field-gone' || measure.kind === 'retyped' || measure.kind === 'object-gone'
      ? ''
      : days < 2
        ? ''
        : `; the most in ${counted(days, 'days')} was ${number(most)}`;
  return `${said(measure)}${usual}`;
}

function said({ kind, platform, object, field = '', count, of }: Measure): string {
  const what = `${object} of ${platform}`;
  const share = percent(count, of);
  switch (kind) {
    case 'deleted':
      return `${share} of the ${what} are gone: ${counted(count, 'records')}`;
    case 'created':
      return `${what} grew by ${share}: ${counted(count, 'records')}`;
    case 'emptied':
      return `${share} of the ${what} lost their ${field}: ${counted(count, 'records')}`;
    case 'changed':
      return `${share} of the ${what} have another ${field}: ${counted(count, 'records')}`;
    case 'overwritten':
      return `${share} of the ${what} now have one and the same ${field}: ${counted(count, 'records')}`;
    case 'opted-in':
      return `${share} of the opt-outs vanished, ${field} of ${what}: ${counted(count, 'records')}`;
    case 'opted-out':
      return `${share} of the ${what} opted out, ${field}: ${counted(count, 'records')}`;
    case 'unlinked':
      return `${share} of the links ${what} are gone: ${counted(count, 'links')}`;
    case 'linked':
      return `The links ${what} grew by ${share}: ${counted(count, 'links')}`;
    case 'field-gone':
      return `The field ${field} of ${what} is gone: ${counted(count, 'records')} had a value`;
    case 'retyped':
      return `The field ${field} of ${what} has another type: ${counted(count, 'records')} ${count === 1 ? 'has' : 'have'} a value`;
    case 'object-gone':
      return `${what} is no longer in it: ${counted(count, 'records')}`;
    default:
      return kind satisfies never;
  }
}

const number = (count: number): string => count.toLocaleString('en-US');

function percent(count: number, of: number): string {
  return `${((100 * count) / Math.max(1, of)).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;
}
