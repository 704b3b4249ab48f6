import type { Scalar } from '../state/record.js';

/** Object types, fields and records of another account, in the words of Salesforce's API. */
export interface ImportedOrg {
  readonly objects: readonly ImportedObject[];
}

export interface ImportedObject {
  /** `Contact`, `Visit__c` */
  readonly name: string;
  readonly label: string;
  readonly fields: readonly ImportedField[];
  readonly records: readonly ImportedRow[];
  /** Records that are not put there: users and record types that they name are there all the same. */
  readonly referred?: readonly ImportedRow[];
}

export interface ImportedField {
  readonly name: string;
  readonly label: string;
  /** As describe tells it: `string`, `reference`. */
  readonly type: string;
  /** Of a text; 0 where that does not apply. */
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  /** What a reference leads to. */
  readonly to: readonly string[];
  readonly readOnly: boolean;
  /** A new record can be given it. */
  readonly createable: boolean;
  readonly required: boolean;
  readonly unique: boolean;
  /** Values of a choice that takes no others. */
  readonly options?: readonly string[];
}

export interface ImportedRow {
  /** 18 characters. */
  readonly id: string;
  readonly values: Readonly<Record<string, Scalar>>;
}
