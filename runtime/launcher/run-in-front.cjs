// Runs one child process in place of this one: signals go to the child, and its end is the end of this process.
'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { hangupIsIgnored } = require('./hangup.cjs');

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program until it ends and passes on the signals of the user. Under nohup it does not pass on a hangup.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {object} options those of `spawn`, and `killAfterMs`: the time after a signal until the child is killed
 * @returns {Promise<{code: number | null, signal: string | null, error: Error | null}>}
 */
function runInFront(program, args, { killAfterMs, onSpawn, ...options }) {
  return new Promise((resolve) => {
    const ignoreHangup = hangupIsIgnored(process.env);
    const child = spawn(program, args, options);
    let asked = null;
    let killTimer = null;
    const handlers = PASSED_ON.map((signal) => {
      const handler = () => {
        if (signal === 'SIGHUP' && ignoreHangup) return;
        asked ??= signal;
        child.kill(signal);
        if (killAfterMs !== undefined) killTimer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      };
      process.on(signal, handler);
      return { signal, handler };
    });
    const settle = (ended) => {
      clearTimeout(killTimer);
      for (const { signal, handler } of handlers) process.removeListener(signal, handler);
      resolve({ asked, error: null, ...ended });
    };
    child.once('error', (error) => settle({ code: null, signal: null, error }));
    child.once('close', (code, signal) => settle({ code, signal }));
    if (onSpawn) onSpawn(child);
  });
}

/** Ends this process as the child ended: with the same exit code or signal. */
function exitAs({ code, signal }) {
  if (signal === null) {
    process.exitCode = code ?? 1;
    return;
  }
  process.exitCode = 128 + (constants.signals[signal] ?? 0);
  if (PASSED_ON.includes(signal)) process.kill(process.pid, signal);
}

module.exports = { runInFront, exitAs };
