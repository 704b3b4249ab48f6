/** How bad an incident can be, the worst first. */
export const SEVERITIES = ['sev1', 'sev2', 'sev3', 'sev4'] as const;
