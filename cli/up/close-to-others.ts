import { chmodSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

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
