// Compares `node_modules` with package-lock.json for this platform.
'use strict';

const { createHash } = require('node:crypto');
const { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { machine, packages } = require('./can-run-here.cjs');

/** Docket writes this file after a successful install. */
const STAMP = join('node_modules', '.docket-install');
/** npm writes this file: the list of what it installed. */
const NPMS_OWN_LIST = join('node_modules', '.package-lock.json');

/**
 * Tells three things of `node_modules`: whether it has everything that the lock names for this platform, whether it has
 * what a run needs (`production`), and whether this user may change it. A stamp is enough. A checkout that another user
 * installed may have no stamp and be read-only. Then npm's own list is enough.
 *
 * @returns {{everything: boolean, production: boolean, writable: boolean}}
 */
function installState(root) {
  const writable = mayWrite(root);
  if (installedNode(root) === null) return { everything: false, production: false, writable };
  if (readOrNull(join(root, STAMP)) === fingerprint(root))
    return { everything: true, production: true, writable };
  const lock = lockOf(root);
  const missing = missingPackages(root);
  return {
    everything: missing.length === 0 && lockIsOf(root, lock['']),
    production: missing.every((path) => lock[path].dev === true || lock[path].devOptional === true),
    writable,
  };
}

/** Paths in the lock of the packages that this platform needs and npm did not install. */
function missingPackages(root) {
  const list = readOrNull(join(root, NPMS_OWN_LIST));
  const installed = list === null ? {} : JSON.parse(list).packages;
  return Object.entries(lockOf(root))
    .filter(([path, entry]) => isRequired(path, entry) && installed[path]?.version !== entry.version)
    .map(([path]) => path);
}

const lockOf = (root) => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

/**
 * The path of the installed Node for this platform, or null. The code builds the path itself, because `require.resolve`
 * caches the state from before the install. Other package managers use another path.
 */
function installedNode(root) {
  const program = join(root, 'node_modules', packages.node, 'bin', 'node');
  return existsSync(program) ? program : null;
}

/**
 * Records that the install is complete, and removes npm's link `node`. Only some versions of npm make the link, and it
 * would hide the user's own Node from every script of package.json.
 */
function noteInstalled(root) {
  rmSync(join(root, 'node_modules', '.bin', 'node'), { force: true });
  writeFileSync(join(root, STAMP), fingerprint(root));
}

/** The installed Node and the native packages need this C library. */
const C_LIBRARY = 'glibc';

/** Optional packages depend on the platform. Those for this platform are required. */
function isRequired(path, entry) {
  if (path === '') return false;
  if (!entry.optional && !entry.devOptional) return true;
  if (entry.os === undefined && entry.cpu === undefined) return false;
  return names(entry.os, process.platform) && names(entry.cpu, process.arch) && names(entry.libc, C_LIBRARY);
}

const names = (list, one) => list === undefined || [].concat(list).includes(one);

/** True when the lock was made for this package.json. */
function lockIsOf(root, lockRoot) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return ['dependencies', 'devDependencies', 'optionalDependencies'].every(
    (kind) => JSON.stringify(sorted(manifest[kind])) === JSON.stringify(sorted(lockRoot[kind])),
  );
}

const sorted = (record) => Object.entries(record ?? {}).sort(([one], [two]) => (one < two ? -1 : 1));

function fingerprint(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package.json')))
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(machine)
    .digest('hex');
}

function mayWrite(root) {
  const modules = join(root, 'node_modules');
  try {
    accessSync(existsSync(modules) ? modules : root, constants.W_OK);
    return true;
  } catch {
    // Whatever the reason, npm could not write there either.
    return false;
  }
}

function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

module.exports = { installState, installedNode, missingPackages, noteInstalled };
