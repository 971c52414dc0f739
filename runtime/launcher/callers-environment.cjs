// The environment as the user set it. npm with `omit=dev` in its settings adds NODE_ENV=production to the environment
// of every script. That tells a web server that it serves the public, and the user did not mean it.
'use strict';

const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

const PS_MS_MAX = 2_000;

/**
 * Returns the environment without a NODE_ENV that npm added. npm added it when npm is the parent process and was itself
 * started without one.
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

/** The variables with which a process was started; null where the system does not tell. */
function startedWith(pid) {
  if (process.platform !== 'linux') {
    const asked = ['eww', '-o', 'command=', '-p', String(pid)];
    const { status, stdout } = spawnSync('ps', asked, { encoding: 'utf8', timeout: PS_MS_MAX });
    return status === 0 ? stdout.split(/\s+/) : null;
  }
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // npm has ended or runs as another user, so its NODE_ENV stays.
    return null;
  }
}

module.exports = { callersEnvironment };
