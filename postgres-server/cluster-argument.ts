import type { ServerAccount } from './account.ts';

/**
 * How the server names its own folder. As root we enter the folder first and give up our rights then, so it works
 * even where the account could not walk to, such as a checkout below /root.
 */
export function clusterArgument(cluster: string, account: ServerAccount): string {
  return account.uid === undefined ? cluster : '/proc/self/cwd';
}
