import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  chmodSync,
  lstatSync,
  readdirSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FREE_BYTES_MIN } from '../../blob-store/blob-store.ts';
import { tryLockFile } from '../../runtime/file-lock.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import { PlainFailure } from '../plain-failure.ts';
import { freeBytesOf, releaseIfFull } from './reserved-room.ts';

/** Names that Docket uses in its data folder. While `lock` is held, a journal is beside it. */
const OWN =
  /^(event-store|event-store-access|postgres|blobs|seals|logs|session-keys|seal-key|connections\.json|parts\.json|reserved-room|address|lock|\.write-probe)/;
/** A folder that the system makes when it formats a disk. */
const OF_THE_SYSTEM = 'lost+found';
const OTHERS = 0o077;
const STICKY = 0o1000;

/**
 * Removes the rights of group and others from the data folder and from Docket's files in it. It does not follow
 * links. It does not enter a folder that is already closed, so a start is fast. A folder with other files keeps its
 * mode, because it may be a home or `/tmp`; only Docket's own files in it are closed.
 *
 * @returns sentences for the user
 */
export function closeToOthers(path: string): string[] {
  const foreign = readdirSync(path).filter((name) => !OWN.test(name) && name !== OF_THE_SYSTEM);
  const isShared = foreign.length > 0 || (lstatSync(path).mode & STICKY) !== 0;
  const own = readdirSync(path).filter((name) => OWN.test(name));
  const left = own.flatMap((name) => closeAll(join(path, name)));
  const isOpen = (lstatSync(path).mode & OTHERS) !== 0;
  if (isShared && isOpen)
    return [
      ...lineOn(left),
      `other users may be able to open ${path}. It has other files than Docket's, so Docket keeps its mode. Set DATA_DIR=... to a folder for Docket alone`,
    ];
  return lineOn([...left, ...closeOne(path, lstatSync(path))]);
}

/** Closes a folder after its content, so that an interrupted run is repeated. */
function closeAll(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return [];
  const inside = found.isDirectory() ? readdirSync(path).flatMap((name) => closeAll(join(path, name))) : [];
  return [...inside, ...closeOne(path, found)];
}

/**
 * @returns the path when the folder or file stays open, because somebody else owns it or the file system has no
 * modes; otherwise nothing
 */
function closeOne(path: string, { mode }: Stats): string[] {
  if ((mode & OTHERS) === 0) return [];
  try {
    chmodSync(path, mode & 0o700);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (!['EPERM', 'EACCES', 'EROFS', 'ENOTSUP'].includes(code)) throw error;
  }
  return (lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS ? [path] : [];
}

function lineOn(left: readonly string[]): string[] {
  const [first] = left;
  if (first === undefined) return [];
  const more = left.length > 1 ? ` and ${left.length - 1} more` : '';
  return [
    `other users may be able to open ${first}${more}: this user cannot change its mode, or its disk has no modes`,
  ];
}

const PARTS_FILE = 'parts.json';

/**
 * Makes the data folder, locks it for this process and closes it to other users.
 * @param say receives sentences about the folder for the user
 * @throws PlainFailure when the folder cannot be written, is full, or belongs to another running Docket
 */
export function openDataFolder(path: string, say: (sentence: string) => void = () => undefined) {
  const release = prepare(path, say);
  if (release === null)
    throw new PlainFailure('ALREADY_RUNNING', `Docket is already running on ${path}${addressNoted(path)}.`, {
      exitCode: 3,
    });

  return {
    path,
    /** Unlocks the folder for the next start. */
    release: () => {
      for (const note of ['address', PARTS_FILE]) rmSync(join(path, note), { force: true });
      release();
    },
  };
}
export type DataFolder = ReturnType<typeof openDataFolder>;

/** Records the address for the message of a second start. */
export function noteAddress(folder: DataFolder, address: string): void {
  writeFileSync(join(folder.path, 'address'), `${address}\n`);
}

/**
 * Records the process ids of the running parts in `parts.json` of the data folder, for operators and drills. A reader
 * sees either the old or the new file, never a mixture.
 */
export function noteParts(folder: DataFolder, parts: ReadonlyMap<string, number>): void {
  const file = join(folder.path, PARTS_FILE);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(Object.fromEntries(parts))}\n`);
  renameSync(`${file}.tmp`, file);
}

function prepare(path: string, say: (sentence: string) => void): (() => void) | null {
  let release: (() => void) | null = null;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // With an existing log, a full disk does not stop a start, because people can still read, download and clean up.
    const free = freeBytesOf(path);
    if (!existsSync(join(path, 'event-store')) && free < FREE_BYTES_MIN) throw new TooLittleRoom(free);
    releaseIfFull(path);
    const probe = join(path, '.write-probe');
    writeFileSync(probe, 'docket');
    rmSync(probe);
    release = tryLockFile(join(path, 'lock'));
    if (release !== null) for (const sentence of closeToOthers(path)) say(sentence);
    return release;
  } catch (error) {
    release?.();
    const sentence = `The data folder ${path} cannot be used: ${why(error, path)}.`;
    throw new PlainFailure('DATA_DIR_UNUSABLE', `${sentence} Choose another one with DATA_DIR=...`, {
      cause: error,
    });
  }
}

/** The disk is nearly full. The system itself would report it only during a write. */
class TooLittleRoom extends CodedError {
  readonly code = 'TOO_LITTLE_ROOM';
  override readonly retryable = true;

  constructor(freeBytes: number) {
    const mib = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MiB`;
    super(`its disk has ${mib(freeBytes)} left, and a start needs ${mib(FREE_BYTES_MIN)}`);
  }
}

/**
 * Returns the error of the nearest existing parent folder; null when this folder can be written. Node itself reports
 * only ENOENT for a folder that it cannot make.
 */
function refusalOfParent(path: string): unknown {
  let parent = dirname(path);
  while (!existsSync(parent) && parent !== dirname(parent)) parent = dirname(parent);
  try {
    accessSync(parent, constants.W_OK);
    return null;
  } catch (error) {
    return error;
  }
}

function why(error: unknown, path: string): string {
  const { code } = error as NodeJS.ErrnoException;
  const ofParent = code === 'ENOENT' ? refusalOfParent(path) : null;
  if (ofParent !== null) return why(ofParent, dirname(path));
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there';
    case 'EROFS':
      return 'its file system is read-only';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'there is a file in its place';
    default:
      return error instanceof Error ? error.message : 'unknown';
  }
}

function addressNoted(path: string): string {
  try {
    return `; open ${readFileSync(join(path, 'address'), 'utf8').trim()}`;
  } catch {
    // A start that has not finished has no address yet.
    return '';
  }
}
