import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** In a mask of signals, signal n is bit n - 1 (proc(5), ps(1)). */
const HANG_UP_BIT = 1n << BigInt(constants.signals.SIGHUP - 1);
/** Longest wait for `ps`. */
const PS_MS_MAX = 2_000;
/** Most parents looked at. */
const PARENTS_MAX = 32;
/** How a descriptor was opened is in the last two bits of its flags; 1 is write-only (fcntl.h). */
const ACCESS_BITS = 0o3;
const WRITE_ONLY = 0o1;

interface SeenProcess {
  readonly parent: number;
  readonly group: number;
  readonly ignored: bigint;
}

/**
 * Whether whoever started us wants a hang-up to change nothing, as `nohup` does. Node gives SIGHUP its default action
 * back before any of our code runs, so our own mask says nothing. Three other signs are looked at: a process of our
 * group above us ignores it (`trap '' HUP`), the shell's variable `_` names `nohup`, or standard input is the
 * unreadable `/dev/null` that GNU `nohup` puts in a terminal's place.
 */
export function hangUpIsIgnored(environment: Readonly<Record<string, string | undefined>>): boolean {
  if (/(^|\/)nohup$/.test(environment['_'] ?? '')) return true;
  return inputIsUnreadable() || aParentIgnoresHangUp();
}

function inputIsUnreadable(): boolean {
  const flags = /^flags:\s+([0-7]+)$/m.exec(textOf('/proc/self/fdinfo/0'))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_BITS) === WRITE_ONLY;
}

function aParentIgnoresHangUp(): boolean {
  const look = process.platform === 'linux' ? lookInProc : lookByPs;
  const group = look(process.pid)?.group;
  let seen = look(process.ppid);
  for (let parents = 1; seen !== null && seen.group === group && parents <= PARENTS_MAX; parents += 1) {
    if ((seen.ignored & HANG_UP_BIT) !== 0n) return true;
    seen = look(seen.parent);
  }
  return false;
}

function lookInProc(pid: number): SeenProcess | null {
  const ignored = /^SigIgn:\s+([0-9a-f]+)$/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  // After the name, which may hold anything: state, parent, group (proc(5)).
  const [, parent, group] = textOf(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return seenProcess(parent, group, ignored);
}

function lookByPs(pid: number): SeenProcess | null {
  const columns = ['ppid', 'pgid', 'ignored'].flatMap((name) => ['-o', `${name}=`]);
  const { stdout } = spawnSync('ps', [...columns, '-p', String(pid)], {
    encoding: 'utf8',
    timeout: PS_MS_MAX,
  });
  const [parent, group, ignored] = (stdout ?? '').trim().split(/\s+/);
  return seenProcess(parent, group, ignored);
}

function seenProcess(parent?: string, group?: string, ignored?: string): SeenProcess | null {
  if (!parent || !group || !/^[0-9a-f]+$/i.test(ignored ?? '')) return null;
  return { parent: Number(parent), group: Number(group), ignored: BigInt(`0x${ignored}`) };
}

/** The text of a file of `/proc`; empty where there is none: another system, or a process that has just ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'EACCES', 'ESRCH', 'ENOTDIR'].includes(code)) return '';
    throw error;
  }
}
