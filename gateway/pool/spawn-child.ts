import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pdfjsFolder } from '../pdf/open-document.ts';
import { givenSetting } from '../../runtime/settings/settings.ts';

const gatewayFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const repositoryFolder = dirname(gatewayFolder);

/**
 * The options of a new child. `drawing` lets the child load the native canvas, which pictures of pages need. `ocr`
 * lets the child read scans.
 */
export interface ChildOptions {
  readonly heapMb: number;
  readonly drawing: boolean;
  readonly ocr?: boolean;
}

/**
 * Starts a converter child that may read Docket's own code and its packages, and nothing else. Node's permission
 * model denies it writing, other files, other programs and threads. It also denies native code, unless the child
 * draws. The permission model of Node 24 has no rule for the network, so the child itself closes its network
 * functions.
 */
export function spawnChild(options: ChildOptions): ChildProcess {
  const entry = join(gatewayFolder, 'pool', 'converter-child.ts');
  return fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...(options.drawing ? { DOCKET_DRAWING: '1' } : {}),
      ...(options.ocr === false ? { DOCKET_OCR: 'off' } : {}),
      NODE_ENV: givenSetting('NODE_ENV', process.env) ?? '',
    },
    execArgv: childRights(options),
  });
}

/**
 * Flags of V8 for a process that reads 1,000 documents and ends. They disable the optimising compiler, because it needs
 * more time than it saves in such a process (ADR 0025, 0183). A function is compiled anew after 1,000 calls instead of
 * 400 (ADR 0207). Collecting and compiling take the thread that reads. The young generation has room for three ordinary
 * documents from the start, and the child frees it after every third one (ADR 0185).
 */
export const CHILD_TUNING: readonly string[] = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--expose-gc',
  '--single-threaded',
  '--no-turbofan',
  '--invocation-count-for-maglev=1000',
];

/** Returns the arguments of Node that set a child's rights and memory. */
export function childRights(options: ChildOptions): string[] {
  const readable = [
    join(gatewayFolder, '*'),
    join(repositoryFolder, 'schemas', '*'),
    join(repositoryFolder, 'package.json'),
    ...packageFolders(),
  ];
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...(options.drawing ? ['--allow-addons'] : []),
    '--disallow-code-generation-from-strings',
    // Without this flag, a signal could open the port of the debugger.
    '--disable-sigusr1',
    '--no-warnings',
    `--max-old-space-size=${options.heapMb}`,
    ...CHILD_TUNING,
  ];
}

/** Returns the `node_modules` folders that hold the converter's packages. */
function packageFolders(): string[] {
  const require = createRequire(import.meta.url);
  const folders = new Set([dirname(pdfjsFolder)]);
  for (const name of [
    'zod',
    'big.js',
    're2js',
    '@nuintun/qrcode',
    'tslib',
    'fast-xml-parser',
    'pdfjs-dist',
    'tesseract-wasm',
    '@tesseract.js-data/eng',
  ]) {
    const path = require.resolve(name);
    folders.add(path.slice(0, path.lastIndexOf('node_modules') + 'node_modules'.length));
  }
  return [...folders].map((folder) => join(folder, '*'));
}
