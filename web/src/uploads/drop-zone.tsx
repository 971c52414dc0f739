import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { mappingLabel } from '../text/mapping-label.ts';
import { useText } from '../text/text-context.ts';
import { filesOf } from './dropped-files.ts';
import { Icon } from '../page/icons.tsx';
import { givenParameters, MappingParameters } from './mapping-parameters.tsx';
import { usualMapping } from './usual-mapping.ts';

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
      <button type="button" class="primary" id="choose-files" onClick={() => input.current?.click()}>
        <Icon name="upload" />
        {empty ? t('chooseFiles') : t('uploadMore')}
      </button>
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
