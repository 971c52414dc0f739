/** Deepest folder and most files that are read from one drop. */
const FOLDER_DEPTH_MAX = 10;
const DROPPED_FILES_MAX = 2_001;

/**
 * The files of a drop or paste; folders are read through. From folders only files named `.pdf` are taken, since nobody
 * means the other files in them. A single file is always taken, so that a wrong one gets its sentence.
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
  // a reader answers in portions and says that it is through by an empty one
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
