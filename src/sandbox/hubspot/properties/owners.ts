/** A person who owns records, as the owners API shows one. */
export interface Owner {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly userId: number;
  readonly archived: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const owner = (id: string, firstName: string, lastName: string, userId: number, archived = false): Owner => ({
  id,
  email: `${firstName}.${lastName}@example.com`.toLowerCase(),
  firstName,
  lastName,
  userId,
  archived,
  createdAt: '2021-02-11T10:00:00.000Z',
  updatedAt: '2024-03-01T09:00:00.000Z',
});

/** The invented owners of a sandbox account. */
export const OWNERS: readonly Owner[] = [
  owner('77160411', 'Maya', 'Ortiz', 4_419_882),
  owner('77160412', 'Lee', 'Park', 4_419_883),
  owner('77160413', 'Amina', 'Diallo', 4_419_884),
  owner('77160414', 'Jonas', 'Weber', 4_419_885),
  owner('77160415', 'Sofia', 'Rossi', 4_419_886),
];
