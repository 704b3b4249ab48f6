import type { Cause } from '../../automation.js';

/** What the API takes as a status; `archived` comes by DELETE alone. */
export const WRITTEN_STATUSES = ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'] as const;
export const STATUSES = [...WRITTEN_STATUSES, 'archived'] as const;
export type Status = (typeof STATUSES)[number];

export const MERGE_TYPES = ['text', 'number', 'address', 'phone', 'date', 'url', 'imageurl', 'radio', 'dropdown', 'birthday', 'zip'] as const;
export type MergeType = (typeof MERGE_TYPES)[number];

/** A field of an audience. */
export interface MergeField {
  /** Unchanging. */
  readonly id: number;
  /** In capitals; the name of the field in members. */
  readonly tag: string;
  readonly name: string;
  readonly type: MergeType;
  readonly required: boolean;
  readonly defaultValue: string;
  readonly public: boolean;
  readonly order: number;
  readonly help: string;
  /** Of radio and dropdown. */
  readonly choices: readonly string[];
  /** Of dates and birthdays: `MM/DD/YYYY`, `DD/MM/YYYY`; `MM/DD`, `DD/MM`. */
  readonly dateFormat: string;
  /** `US` or `none`. */
  readonly phoneFormat: string;
}

export interface Address {
  readonly addr1: string;
  readonly addr2: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly country: string;
}

/** What a merge field holds; one that holds nothing is not there, and told as ''. */
export type MergeValue = string | number | Address;

export interface Interest {
  readonly id: string;
  readonly name: string;
  readonly order: number;
}

/** A group of interests. */
export interface InterestCategory {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly order: number;
  readonly interests: readonly Interest[];
}

/** A tag, which is a static segment. */
export interface Tag {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Contact ids, with when each was added. */
  readonly members: ReadonlyMap<string, number>;
}

export interface Note {
  readonly id: number;
  readonly text: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface MemberEvent {
  readonly name: string;
  readonly occurredAt: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** Somebody in an audience. Never changed: it is replaced. */
export interface Member {
  /** Unchanging, also where the address changes. */
  readonly contactId: string;
  readonly webId: number;
  /** As it was written; undefined for a contact that has none. */
  readonly email?: string;
  readonly status: Status;
  /** The API cannot make it subscribed: the person left by themselves, or mail to it bounced. */
  readonly bound: boolean;
  readonly emailType: string;
  readonly language: string;
  readonly vip: boolean;
  readonly values: Readonly<Record<string, MergeValue>>;
  /** Ids of those that are chosen. */
  readonly interests: readonly string[];
  /** Ids of those that were given. */
  readonly permissions: readonly string[];
  readonly ipSignup: string;
  readonly ipOpt: string;
  readonly signedUpAt?: number;
  readonly optedInAt?: number;
  readonly changedAt: number;
  readonly createdAt: number;
  readonly unsubscribedAt?: number;
  readonly source: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly notes: readonly Note[];
  readonly events: readonly MemberEvent[];
}

/** What an audience is called and how it is set. */
export interface AudienceSettings {
  readonly name: string;
  readonly contact: Readonly<Record<string, string>>;
  readonly permissionReminder: string;
  readonly campaignDefaults: Readonly<Record<string, string>>;
  readonly emailTypeOption: boolean;
  readonly doubleOptIn: boolean;
  readonly notifyOnSubscribe: string;
  readonly notifyOnUnsubscribe: string;
  readonly useArchiveBar: boolean;
}

/** An audience, `list` in the API. */
export interface Audience {
  readonly id: string;
  readonly webId: number;
  readonly createdAt: number;
  settings: AudienceSettings;
  /** By id. */
  readonly mergeFields: Map<number, MergeField>;
  readonly categories: Map<string, InterestCategory>;
  /** Texts of what people may permit, by id; none where the audience does not ask. */
  readonly permissions: Map<string, string>;
  readonly tags: Map<number, Tag>;
  /** By contact id, in the order in which they came. */
  readonly members: Map<string, Member>;
  /** Contact ids by the hash of the address. */
  readonly hashes: Map<string, string>;
  /** Hashes of addresses that were deleted for ever. */
  readonly forgotten: Set<string>;
}

/** Whoever writes. */
export interface Writer {
  readonly cause: Cause;
  /** A person by the forms of the platform, which may give consent; all others are held to what the API may do. */
  readonly isPerson: boolean;
  /** The request that asks for it; absent where nobody asked by the API. */
  readonly request?: string;
}

/** A write that was asked for. */
export interface WriteEntry {
  readonly action: 'create' | 'update' | 'delete' | 'delete-permanent' | 'link' | 'unlink';
  readonly object: string;
  readonly id: string;
  readonly at: number;
  readonly request?: string;
}

/** A campaign, as much of it as a sync has to know. */
export interface Campaign {
  readonly id: string;
  readonly webId: number;
  readonly type: string;
  readonly status: string;
  readonly listId: string;
  readonly title: string;
  readonly subject: string;
  readonly createdAt: number;
  /** When it goes out, or went. */
  readonly sendAt?: number;
  readonly sent: number;
}

/** The key of a member for the seam: the id of its contact. */
export type MemberKey = string;
