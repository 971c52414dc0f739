// The environment that a person meant. npm with `omit=dev` in its settings says NODE_ENV=production to every script that
// it runs, which is how a web server is told that it serves the public. Nobody told Docket so.
'use strict';

const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

const PS_MS_MAX = 2_000;

/**
 * The environment without a NODE_ENV that npm made up: npm is our parent, and was itself started without one.
 *
 * @param {Record<string, string | undefined>} environment
 */
function callersEnvironment(environment) {
  if (environment.NODE_ENV !== 'production' || environment.npm_config_omit === undefined) return environment;
  const npmStartedWith = startedWith(process.ppid);
  if (npmStartedWith === null || npmStartedWith.some((word) => word.startsWith('NODE_ENV=')))
    return environment;
  const { NODE_ENV: _, ...rest } = environment;
  return rest;
}

/** The variables that a process was started with, or null where the system does not tell. */
function startedWith(pid) {
  if (process.platform !== 'linux') {
    const asked = ['eww', '-o', 'command=', '-p', String(pid)];
    const { status, stdout } = spawnSync('ps', asked, { encoding: 'utf8', timeout: PS_MS_MAX });
    return status === 0 ? stdout.split(/\s+/) : null;
  }
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // npm ended, or runs as another user: what it says is taken.
    return null;
  }
}

module.exports = { callersEnvironment };
