import { hangupIsIgnored } from '../runtime/launcher/hangup.cjs';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether whoever started us wants a hangup to change nothing, as `nohup` does. One answer for the launcher and for what
 * it runs, so the look is the launcher's, in plain JavaScript.
 */
export const hangUpIsIgnored = (environment: Environment): boolean => hangupIsIgnored(environment);
