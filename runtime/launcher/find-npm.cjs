// Finds out how to run npm, whatever started Docket: npm itself, yarn, pnpm, or a person.
'use strict';

const { existsSync, realpathSync } = require('node:fs');
const { delimiter, dirname, join } = require('node:path');

const CLI = join('npm', 'bin', 'npm-cli.js');

/**
 * The program and its first arguments that run npm: the npm that started Docket; else the one beside the running Node;
 * else the one on PATH. Null when there is none. Other package managers set `npm_execpath` to themselves.
 *
 * @param {Record<string, string | undefined>} env
 * @param {string} node the Node that runs npm, where npm is a script
 * @returns {{program: string, args: string[]} | null}
 */
function findNpm(env = process.env, node = process.execPath) {
  const caller = env.npm_execpath;
  const isNpm = caller !== undefined && /(^|[\\/])npm-cli\.c?js$/.test(caller) && existsSync(caller);
  const found = isNpm ? caller : (besideNode(dirname(process.execPath)) ?? onPath(env.PATH ?? ''));
  if (found === null) return null;
  return /\.c?js$/.test(found) ? { program: node, args: [found] } : { program: found, args: [] };
}

function besideNode(folder) {
  const cli = join(folder, '..', 'lib', 'node_modules', CLI);
  return existsSync(cli) ? cli : inFolder(folder);
}

function onPath(path) {
  for (const folder of path.split(delimiter)) {
    if (folder === '' || folder.endsWith(join('node_modules', '.bin'))) continue;
    const npm = inFolder(folder);
    if (npm !== null) return npm;
  }
  return null;
}

/** In a folder, npm is a link to a script, or a program of a version manager that chooses one. */
function inFolder(folder) {
  const link = join(folder, 'npm');
  if (!existsSync(link)) return null;
  const target = realpathSync(link);
  return /\.c?js$/.test(target) ? target : link;
}

module.exports = { findNpm };
