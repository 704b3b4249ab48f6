/** Whether an answer says where a secret is, and is none itself. */
export function isReference(text: string): true | string {
  return /^(env|file|command|keychain):\S/u.test(text.trim()) || 'Say where it is, such as env:HUBSPOT_TOKEN; do not type the secret itself.';
}

/** An address that secrets may be sent to: https, or this machine. */
export function isAddress(text: string): true | string {
  return (
    /^(?:https:\/\/[\w.-]+(?::\d+)?(?:\/[\w./-]*)?|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)$/u.test(text.trim()) ||
    'Write the https address, such as https://example.my.salesforce.com.'
  );
}
