// Runs before `npm start` and `npm test`, under whatever Node started npm (20 or newer), with built-ins only.
// Installs the locked dependencies when node_modules does not match package.json, the lock and this platform.
// The Node 24 that the rest of Docket runs on is one of those dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..');
const stampFile = join(root, 'node_modules', '.docket-install');

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package.json')))
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform}-${process.arch}`)
  .digest('hex');

if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) process.exit(0);

const npm = process.env.npm_execpath;
if (!npm) {
  console.error(
    'Docket: start with `npm start` or `npm test`; this script needs npm to install what it runs on.',
  );
  process.exit(1);
}
console.error('Docket: installing dependencies (first start, or they changed) ...');
const install = spawnSync(
  process.execPath,
  [npm, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
  {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);
if (install.status !== 0) {
  console.error(
    'Docket: `npm ci` failed; the lines above say why. Check the network and the npm registry, then try again.',
  );
  process.exit(install.status ?? 1);
}
writeFileSync(stampFile, wanted);
