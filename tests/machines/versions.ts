/** Which Node and npm run the command, as ranges of versions of their packages. */
export interface Tools {
  readonly node: string;
  readonly npm: string;
}

/**
 * The tools of a condition that is about something else: the oldest Node that people are told to have, with the npm that
 * it ships. There is no package of it for Apple silicon.
 */
export const USUAL_TOOLS: Tools = {
  node: process.platform === 'darwin' && process.arch === 'arm64' ? '24' : '20',
  npm: '10.8',
};
