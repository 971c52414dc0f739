/** Whether whoever started this process wants a hangup to change nothing. */
export function hangupIsIgnored(environment: Readonly<Record<string, string | undefined>>): boolean;
