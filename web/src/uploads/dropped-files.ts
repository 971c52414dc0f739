/** Limits for one drop: depth of folders, and number of files. */
const FOLDER_DEPTH_MAX = 10;
const DROPPED_FILES_MAX = 2_001;

/**
 * Returns the files of a drop or paste, including files in folders. Of a folder only files named `.pdf` count,
 * because the user does not mean the other files. A single file always counts, so that a file of the wrong type gets
 * an explanation.
 */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const files: File[] = [];
  for (const entry of entries)
    if (entry instanceof File) files.push(entry);
    else if (entry?.isFile === true) files.push(await fileOf(entry as FileSystemFileEntry));
    else if (entry?.isDirectory === true) await readFolder(entry as FileSystemDirectoryEntry, 0, files);

  return files;
}

async function readFolder(folder: FileSystemDirectoryEntry, depth: number, files: File[]): Promise<void> {
  if (depth >= FOLDER_DEPTH_MAX) return;
  const reader = folder.createReader();
  // A reader returns files in portions, and an empty portion at the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (portion.length === 0) return;
    for (const entry of portion) {
      if (files.length >= DROPPED_FILES_MAX) return;
      if (entry.isDirectory) await readFolder(entry as FileSystemDirectoryEntry, depth + 1, files);
      else if (/\.pdf$/i.test(entry.name)) files.push(await fileOf(entry as FileSystemFileEntry));
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
