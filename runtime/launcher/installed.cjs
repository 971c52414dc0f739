// What is in `node_modules`, held against package-lock.json for this platform.
'use strict';

const { createHash } = require('node:crypto');
const { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { machine, packages } = require('./can-run-here.cjs');

/** Written by us after an install that ended well. */
const STAMP = join('node_modules', '.docket-install');
/** Written by npm: what it put there. */
const NPMS_OWN_LIST = join('node_modules', '.package-lock.json');

/**
 * Whether `node_modules` holds everything that the lock names for this platform, whether it holds what is needed to run
 * (`production`), and whether this user may change it. A stamp is enough but not necessary: a checkout that somebody
 * else installed, and that cannot be written, has npm's own list.
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

/** Paths in the lock of the packages that are needed on this platform and that npm did not put there. */
function missingPackages(root) {
  const list = readOrNull(join(root, NPMS_OWN_LIST));
  const installed = list === null ? {} : JSON.parse(list).packages;
  return Object.entries(lockOf(root))
    .filter(([path, entry]) => isRequired(path, entry) && installed[path]?.version !== entry.version)
    .map(([path]) => path);
}

const lockOf = (root) => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

/**
 * The path of the installed Node for this platform, or null. By path and not by `require.resolve`, which remembers where
 * a package was before the install: other package managers put it elsewhere.
 */
function installedNode(root) {
  const program = join(root, 'node_modules', packages.node, 'bin', 'node');
  return existsSync(program) ? program : null;
}

/**
 * Remembers that the install is whole, and removes npm's link `node`: some versions of npm make it and some do not, and
 * where it is, it hides the person's own Node from every script of package.json.
 */
function noteInstalled(root) {
  rmSync(join(root, 'node_modules', '.bin', 'node'), { force: true });
  writeFileSync(join(root, STAMP), fingerprint(root));
}

/** The installed Node is made for this C library, and so are the native packages that it loads. */
const C_LIBRARY = 'glibc';

/** Optional packages come and go with the platform. Those that name one are required where it is this one. */
function isRequired(path, entry) {
  if (path === '') return false;
  if (!entry.optional && !entry.devOptional) return true;
  if (entry.os === undefined && entry.cpu === undefined) return false;
  return names(entry.os, process.platform) && names(entry.cpu, process.arch) && names(entry.libc, C_LIBRARY);
}

const names = (list, one) => list === undefined || [].concat(list).includes(one);

/** Whether the lock was made for this package.json. */
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
