import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { mappingLabel } from '../text/mapping-label.ts';
import { useText } from '../text/text-context.ts';
import { Button, Icon } from '../page/icons.tsx';
import { givenParameters, MappingParameters } from './mapping-parameters.tsx';

/** Limits for one drop: depth of folders, and number of files. */
const FOLDER_DEPTH_MAX = 10;
const DROPPED_FILES_MAX = 2_001;

/**
 * Returns the files of a drop or paste, including files in folders. Of a folder only files named `.pdf` count,
 * because the user does not mean the other files. A single file always counts, so that a file of the wrong type gets
 * an explanation.
 */
async function filesOf(transfer: DataTransfer): Promise<File[]> {
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

/** The mapping that detects the kind of a PDF. The API uses it for an upload that names no mapping. */
const DETECTING = 'invoice_v1';
const DEFAULT_OF_THE_API = 'pt_simon_invoice_v1';

/**
 * The mapping that the page uses: the user's last choice if it still exists, otherwise the operator's default.
 * Without both, the result is the mapping that detects the kind of document.
 * @param installed `DEFAULT_MAPPING` of the installation
 */
export function usualMapping(
  mappings: readonly { readonly id: string; readonly default: boolean }[],
  wanted: string | null,
  installed: string,
): string {
  const has = (id: string | null): id is string => mappings.some((each) => each.id === id);
  if (has(wanted)) return wanted;
  if (installed !== DEFAULT_OF_THE_API && has(installed)) return installed;
  if (has(DETECTING)) return DETECTING;
  return mappings.find((each) => each.default)?.id ?? installed;
}

/** Accepts files: dropped anywhere on the page, chosen with the button, or pasted. It states the limits first. */
export function DropZone({ empty }: { empty: boolean }) {
  const app = useApp();
  const { t } = useText();
  const input = useRef<HTMLInputElement>(null);
  const limits = useStore(app.limits, (now) => now);
  const mappings = useStore(app.mappings, (now) => now);
  const wanted = useStore(app.preferences, (now) => now.mapping);
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const asked = mappings.find(
    ({ id }) => id === usualMapping(mappings, wanted, limits.defaultMapping),
  )?.parameters;
  const over = useFileDrop((transfer) => void filesOf(transfer).then(add));

  function add(files: readonly File[]): void {
    if (files.length > 0)
      void app.uploader.add(files, mappingOf(), limits.maxUploadMb, givenParameters(asked, values));
  }
  const mappingOf = () =>
    usualMapping(app.mappings.get(), app.preferences.get().mapping, limits.defaultMapping);

  return (
    <section class="drop" data-empty={empty} data-over={over} aria-label={t('dropTitle')}>
      <div class="drop-words">
        <p class="drop-title">
          <Icon name="upload" />
          {over ? t('dropTitleOver') : t('dropTitle')} <span class="quiet">{t('dropHint')}</span>
        </p>
        <p class="drop-limit">{t('limitCopy', { megabytes: limits.maxUploadMb })}</p>
      </div>
      <MappingChoice />
      <Button icon="upload" class="primary" id="choose-files" onClick={() => input.current?.click()}>
        {empty ? t('chooseFiles') : t('uploadMore')}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept=".pdf,application/pdf"
        aria-label={t('chooseFiles')}
        onChange={(event) => {
          add([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
      {asked !== undefined && <MappingParameters asked={asked} values={values} onChange={setValues} />}
    </section>
  );
}

function MappingChoice() {
  const app = useApp();
  const { t } = useText();
  const mappings = useStore(app.mappings, (now) => now);
  const wanted = useStore(app.preferences, (now) => now.mapping);
  const usual = useStore(app.limits, (now) => now.defaultMapping);
  return (
    <label class="field">
      <span>{t('mappingLabel')}</span>
      <select
        name="mapping"
        disabled={mappings.length === 0}
        value={usualMapping(mappings, wanted, usual)}
        onChange={(event) => {
          const mapping = event.currentTarget.value;
          app.preferences.update((now) => ({ ...now, mapping }));
        }}
      >
        {mappings.length === 0 && <option value={usual}>{usual}</option>}
        {mappings.map((mapping) => (
          <option key={mapping.id} value={mapping.id}>
            {mappingLabel(t, mapping)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Takes files that are dropped anywhere or pasted. Returns whether files are being dragged over the page. */
function useFileDrop(take: (transfer: DataTransfer) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const stop = new AbortController();
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
    const on = <Name extends keyof WindowEventMap>(
      name: Name,
      listener: (event: WindowEventMap[Name]) => void,
    ) => addEventListener(name, listener, { signal: stop.signal });
    on('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    });
    on('dragleave', (event) => event.relatedTarget === null && setOver(false));
    on('drop', (event) => {
      setOver(false);
      if (!hasFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      latest.current(event.dataTransfer);
    });
    on('paste', (event) => {
      if (event.clipboardData !== null && event.clipboardData.files.length > 0)
        latest.current(event.clipboardData);
    });
    return () => stop.abort();
  }, []);
  return over;
}
