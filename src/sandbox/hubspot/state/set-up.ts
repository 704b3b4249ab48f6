/** A form as it was set up in the account. */
export interface FormDefinition {
  readonly id: string;
  readonly name: string;
  readonly formType: string;
  readonly fields: readonly { readonly name: string; readonly required?: boolean; readonly hidden?: boolean }[];
  /** What people are asked to agree to. */
  readonly consent?: string;
}

/** A rule that the values of a property are held to. The sandbox tells of it, and holds nothing to it. */
export interface ValidationRule {
  readonly ruleType: string;
  readonly ruleArguments: readonly string[];
}

/** What is told of how an account is set up, and does nothing here. */
export interface SetUp {
  readonly forms: FormDefinition[];
  /** By object type and property. */
  readonly validations: Map<string, ReadonlyMap<string, readonly ValidationRule[]>>;
}
