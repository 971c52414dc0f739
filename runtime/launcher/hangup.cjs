// Tells whether Docket must ignore a hangup (the terminal closes), as under nohup. Node resets every signal to its
// default action when it starts, so the inherited action is unknown. The code looks for other signs of nohup instead.
'use strict';

const { spawnSync } = require('node:child_process');
const { readFileSync, readlinkSync } = require('node:fs');

/** Most ancestors to check: npm, its shell, and a shell script or two that nohup started. */
const ANCESTORS_MAX = 8;
const PS_MS_MAX = 2_000;
/** In a mask of signals, signal n is bit n - 1 (proc(5)). SIGHUP is 1 on every system. */
const SIGHUP_BIT = 1n;
/** The last two bits of a descriptor's flags tell how it was opened; 1 is write-only (fcntl.h). */
const ACCESS_BITS = 0o3;
const WRITE_ONLY = 0o1;

/**
 * True when nohup, or a shell that ignores hangups, started this process or an ancestor in its process group. (A shell
 * starts one job as one process group.) There are three signs:
 *
 * 1. The variable `_` of shells names nohup. 2. Standard input is the unreadable `/dev/null`, or standard output is
 * `nohup.out`, which nohup uses in place of a terminal. 3. An ancestor ignores hangups.
 *
 * @param {Record<string, string | undefined>} environment
 */
function hangupIsIgnored(environment) {
  return isNohup(environment._ ?? '') || streamsAreOfNohup() || anAncestorIgnoresIt();
}

const isNohup = (program) => /(^|\/)nohup$/.test(program);

/** Only Linux shows how a descriptor was opened. */
function streamsAreOfNohup() {
  const flags = /^flags:\s+([0-7]+)$/m.exec(textOf('/proc/self/fdinfo/0'));
  if (flags !== null && (Number.parseInt(flags[1], 8) & ACCESS_BITS) === WRITE_ONLY) return true;
  try {
    return /(^|\/)nohup\.out$/.test(readlinkSync('/proc/self/fd/1'));
  } catch {
    // Another system, or no standard output.
    return false;
  }
}

function anAncestorIgnoresIt() {
  const read = process.platform === 'linux' ? fromProc : fromPs;
  const group = read(process.pid)?.group;
  let seen = read(process.ppid);
  for (let steps = 1; seen !== null && seen.group === group && steps <= ANCESTORS_MAX; steps += 1) {
    if ((seen.ignored & SIGHUP_BIT) !== 0n || seen.words.some(saysNohup)) return true;
    seen = read(seen.parent);
  }
  return false;
}

/** Shells write the program that they start into `_`, and nohup passes it on. */
const saysNohup = (word) => word.startsWith('_=') && isNohup(word.slice(2));

function fromProc(pid) {
  // The name of the program, in brackets, may contain any character. After it come the state, the parent and the group.
  const stat = textOf(`/proc/${pid}/stat`);
  const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ignored = /^SigIgn:\s*([0-9a-f]+)/m.exec(textOf(`/proc/${pid}/status`));
  return seen([parent, group, ignored?.[1]], textOf(`/proc/${pid}/environ`).split('\0'));
}

function fromPs(pid) {
  const columns = ['ppid', 'pgid', 'ignored', 'command'].flatMap((name) => ['-o', `${name}=`]);
  const asked = { encoding: 'utf8', timeout: PS_MS_MAX };
  const words = (spawnSync('ps', ['eww', ...columns, '-p', String(pid)], asked).stdout ?? '')
    .trim()
    .split(/\s+/);
  return seen(words, words);
}

function seen([parent, group, ignored], words) {
  if (!parent || !group || !/^[0-9a-f]+$/i.test(ignored ?? '')) return null;
  return { parent: Number(parent), group: Number(group), ignored: BigInt(`0x${ignored}`), words };
}

/** The text of a file of `/proc`; empty when there is none: another system, another user, or an ended process. */
function textOf(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM', 'ESRCH', 'ENOTDIR'].includes(error.code)) return '';
    throw error;
  }
}

module.exports = { hangupIsIgnored };
