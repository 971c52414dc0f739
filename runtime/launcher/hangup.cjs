// Whether a hangup (the terminal is closed) is to be ignored, as it is under nohup. Node gives every signal its default
// action back when it starts, so what the process inherited cannot be asked for; what nohup leaves behind can.
'use strict';

const { execFileSync } = require('node:child_process');
const { readFileSync, readlinkSync } = require('node:fs');

/** Ancestors to look at: npm, its shell, and a shell script or two that nohup started. */
const ANCESTORS_MAX = 8;
const PS_MS_MAX = 2_000;
const SIGHUP_BIT = 1n;

/**
 * True when nohup, or a shell that ignores hangups, started this process or an ancestor of its process group, which is
 * what a shell starts as one job.
 */
function hangupIsIgnored() {
  if (isNohup(process.env._ ?? '')) return true;
  const read = process.platform === 'linux' ? fromProc : fromPs;
  try {
    if (process.platform === 'linux' && /(^|\/)nohup\.out$/.test(readlinkSync('/proc/self/fd/1')))
      return true;
    const { group, parent } = read(process.pid);
    let pid = parent;
    for (let steps = 0; steps < ANCESTORS_MAX && pid > 1; steps += 1) {
      const ancestor = read(pid);
      if (ancestor.group !== group) return false;
      if (ancestor.ignoresHangup || ancestor.startedByNohup) return true;
      pid = ancestor.parent;
    }
  } catch {
    // An ancestor that ended, that belongs to another user, or no `ps`: nothing more is known.
    return false;
  }
  return false;
}

const isNohup = (program) => /(^|\/)nohup$/.test(program);

/** Shells note the program that they start in `_`, and nohup hands it on. */
const startedByNohup = (words) => words.some((word) => word.startsWith('_=') && isNohup(word.slice(2)));

function fromProc(pid) {
  // The name of the program, in brackets, may hold anything; what follows it are the state, the parent and the group.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ignored = /^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    parent: Number(parent),
    group: Number(group),
    ignoresHangup: ignored !== null && (BigInt(`0x${ignored[1]}`) & SIGHUP_BIT) !== 0n,
    startedByNohup: startedByNohup(readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')),
  };
}

function fromPs(pid) {
  const asked = ['eww', '-o', 'ppid=', '-o', 'pgid=', '-o', 'command=', '-p', String(pid)];
  const words = execFileSync('ps', asked, { encoding: 'utf8', timeout: PS_MS_MAX }).trim().split(/\s+/);
  return {
    parent: Number(words[0]),
    group: Number(words[1]),
    ignoresHangup: false,
    startedByNohup: startedByNohup(words),
  };
}

module.exports = { hangupIsIgnored };
