import type { ServerAccount } from './account.ts';

/**
 * How the server names its own folder. As root we enter the folder first and then drop our rights. So it works even
 * where the account has no access to a parent folder, such as a checkout below /root.
 */
export function clusterArgument(cluster: string, account: ServerAccount): string {
  return account.uid === undefined ? cluster : '/proc/self/cwd';
}
