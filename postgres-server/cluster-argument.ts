import type { ServerAccount } from './account.ts';

/**
 * Returns the path that the server gets for its folder. As root, Docket enters the folder first and then drops its
 * rights. So the server works even where the account cannot enter a parent folder, such as a checkout below /root.
 */
export function clusterArgument(cluster: string, account: ServerAccount): string {
  return account.uid === undefined ? cluster : '/proc/self/cwd';
}
