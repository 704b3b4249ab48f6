/** As much of Mailchimp's own npm client as the tests use; it brings no types. */
declare module '@mailchimp/mailchimp_marketing' {
  type Told = any; // oxlint-disable-line typescript/no-explicit-any -- whatever the vendor answers
  type Calls<N extends string> = Readonly<Record<N, (...given: readonly unknown[]) => Promise<Told>>>;
  type Lists =
    | `${'get' | 'create' | 'update' | 'delete'}List`
    | 'getAllLists'
    | `${'get' | 'add' | 'set' | 'update' | 'delete'}ListMember`
    | 'getListMembersInfo'
    | 'deleteListMemberPermanent'
    | 'batchListMembers'
    | `${'get' | 'update'}ListMemberTags`
    | `${'create' | 'update' | 'delete'}ListMemberNote`
    | 'getListMemberNotes'
    | 'createListMemberEvent'
    | 'getListMemberEvents'
    | `${'get' | 'add' | 'update' | 'delete'}ListMergeField`
    | 'getListMergeFields'
    | 'createListInterestCategory'
    | 'getListInterestCategories'
    | 'deleteInterestCategory'
    | 'createInterestCategoryInterest'
    | 'listInterestCategoryInterests'
    | 'updateInterestCategoryInterest'
    | 'deleteInterestCategoryInterest'
    | `${'create' | 'update' | 'delete' | 'get'}Segment`
    | 'listSegments'
    | 'batchSegmentMembers'
    | 'createSegmentMember'
    | 'removeSegmentMember'
    | 'getSegmentMembersList'
    | 'tagSearch';
  class ApiClient {
    basePath: string;
    setConfig(config: { readonly apiKey?: string; readonly accessToken?: string; readonly server?: string }): void;
    readonly lists: Calls<Lists>;
    readonly root: Calls<'getRoot'>;
    readonly ping: Calls<'get'>;
    readonly batches: Calls<'start' | 'status' | 'list' | 'deleteRequest'>;
    readonly campaigns: Calls<'list' | 'get' | 'create' | 'remove' | 'pause' | 'resume' | 'schedule' | 'unschedule' | 'cancelSend' | 'send'>;
    readonly automations: Calls<'list' | 'get' | 'pauseAllEmails' | 'startAllEmails' | 'listAllWorkflowEmails'>;
  }
  const instance: ApiClient & { readonly constructor: new () => ApiClient };
  export default instance;
}
