/** Which Node and npm run the command, as ranges of versions of their packages. */
export interface Tools {
  readonly node: string;
  readonly npm: string;
}

/**
 * Whether a TERM sent to npm reaches what npm runs. Before 10.3 npm keeps it to itself and waits on, so there a person, or
 * a service manager, signals the whole job.
 */
export function passesTermOn({ npm }: Tools): boolean {
  const [major = Infinity, minor = Infinity] = npm === 'latest' ? [] : npm.split('.').map(Number);
  return major > 10 || (major === 10 && minor >= 3);
}

/**
 * The tools of a condition that is about something else: the oldest Node that people are told to have, with the npm that
 * it ships. There is no package of it for Apple silicon.
 */
export const USUAL_TOOLS: Tools = {
  node: process.platform === 'darwin' && process.arch === 'arm64' ? '24' : '20',
  npm: '10.8',
};
