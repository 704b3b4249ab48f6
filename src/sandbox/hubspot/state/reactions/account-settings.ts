/** What an account is set to do on its own, as its administrators chose in the web interface. */
export interface AccountSettings {
  /** Makes and links a company for a contact whose address has a domain of its own. */
  readonly companiesFromAddresses: boolean;
  /** `validated`: phone numbers must be E.164 and are kept without their formatting. */
  readonly phones: 'as-sent' | 'validated';
  /** Takes blanks off both ends of every text, as formatting rules do. */
  readonly trimsText: boolean;
  /** Gives a new contact or company this stage where none is sent; null gives none. */
  readonly stageOfNew: string | null;
  /** Sets the close date of a deal that enters a closed stage. */
  readonly setsCloseDate: boolean;
  /**
   * Carries a company's lifecycle stage to its contacts, and makes opportunities and customers of those a deal is
   * linked to.
   */
  readonly syncsStages: boolean;
  /** Answers `''` for a value that was set once and is cleared, instead of null. */
  readonly tellsCleared: boolean;
  /** Properties whose history is not told, as `contacts/phone`. */
  readonly withoutHistory: readonly string[];
  /** Makes the first company of a record its primary one. */
  readonly firstCompanyIsPrimary: boolean;
}

/** What a fresh account does. */
export const FRESH_ACCOUNT: AccountSettings = {
  companiesFromAddresses: false,
  phones: 'as-sent',
  trimsText: false,
  stageOfNew: 'lead',
  setsCloseDate: true,
  syncsStages: false,
  tellsCleared: true,
  withoutHistory: [],
  firstCompanyIsPrimary: true,
};
