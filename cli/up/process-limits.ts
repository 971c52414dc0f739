import { readFileSync } from 'node:fs';

/** With fewer bytes, a converter child cannot reserve the addresses that V8 and WebAssembly need. */
const ADDRESS_BYTES_MIN = 4 * 1024 ** 3;
/**
 * Number of threads that a start needs: a dozen for each of five Node programs, and the threads of converter children
 * and Postgres.
 */
const THREADS_MIN = 200;
const LIMITS_FILE = '/proc/self/limits';

/**
 * Lines about limits of the shell that will make a part fail. They are printed first, because the later failure says
 * at most that memory was missing.
 *
 * @param limits the text of `/proc/self/limits`; empty when the system has none
 * @param isRoot true for root, to which the limit of processes does not apply
 */
export function linesOnLimits(
  limits: string = ownLimits(),
  { isRoot }: { readonly isRoot: boolean } = { isRoot: process.getuid?.() === 0 },
): string[] {
  const addressBytes = softLimit(limits, 'Max address space');
  const threads = softLimit(limits, 'Max processes');
  return [
    ...(addressBytes < ADDRESS_BYTES_MIN
      ? [
          `the shell lets a program use ${(addressBytes / 1024 ** 3).toFixed(1)} GiB of address space (ulimit -v); conversions may fail below ${ADDRESS_BYTES_MIN / 1024 ** 3} GiB. \`ulimit -v unlimited\` lifts it.`,
        ]
      : []),
    ...(threads < THREADS_MIN && !isRoot
      ? [
          `the shell lets this user run ${threads} threads (ulimit -u); a start may fail below ${THREADS_MIN}. \`ulimit -u ${THREADS_MIN * 10}\` raises it.`,
        ]
      : []),
  ];
}

/** Infinity when there is no limit. */
function softLimit(limits: string, name: string): number {
  const soft = new RegExp(`^${name}\\s+(\\d+)\\s`, 'm').exec(limits)?.[1];
  return soft === undefined ? Infinity : Number(soft);
}

function ownLimits(): string {
  return process.platform === 'linux' ? readFileSync(LIMITS_FILE, 'utf8') : '';
}
