import { createRequire } from 'node:module';

type Environment = Readonly<Record<string, string | undefined>>;

const { hangupIsIgnored } = createRequire(import.meta.url)('../runtime/launcher/hangup.cjs') as {
  hangupIsIgnored: (environment: Environment) => boolean;
};

/**
 * Whether whoever started us wants a hangup to change nothing, as `nohup` does. One answer for the launcher and for what
 * it runs, so the look is the launcher's, in plain JavaScript.
 */
export const hangUpIsIgnored = (environment: Environment): boolean => hangupIsIgnored(environment);
