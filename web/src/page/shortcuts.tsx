import { useEffect, useRef } from 'preact/hooks';
import { useApp, type App } from '../app.ts';
import { withNothingSelected } from '../jobs/queue-state.ts';
import type { MessageKey } from '../text/en.ts';
import { useText } from '../text/text-context.ts';
import { useIsIdle } from './when-idle.ts';
import { Button } from './icons.tsx';

const KEYS = [
  ['u', 'keyUpload'],
  ['/', 'keySearch'],
  ['j', 'keyDown'],
  ['k', 'keyUp'],
  ['x', 'keySelect'],
  ['Enter', 'keyOpen'],
  ['d', 'keyDownload'],
  ['r', 'keyRetry'],
  ['c', 'keyCopy'],
  ['Esc', 'keyEscape'],
  ['?', 'keyHelp'],
] as const satisfies readonly (readonly [string, MessageKey])[];

/** The keyboard shortcuts, and the dialog that lists them. */
export function Shortcuts() {
  const app = useApp();
  const { t } = useText();
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => press(app, event, () => sheet.current?.showModal());
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [app]);
  return (
    <>
      <Button
        icon="keyboard"
        class="quiet-button"
        aria-label={t('shortcutsOpen')}
        title={`${t('shortcutsOpen')} (?)`}
        aria-haspopup="dialog"
        onClick={() => sheet.current?.showModal()}
      ></Button>
      <dialog ref={sheet} class="sheet" aria-labelledby="shortcuts-title">
        {useIsIdle() && <Sheet />}
      </dialog>
    </>
  );
}

function Sheet() {
  const { t } = useText();
  return (
    <>
      <h2 id="shortcuts-title">{t('shortcutsTitle')}</h2>
      <dl>
        {KEYS.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">
        {t('shortcutsRows')} {t('shortcutsHint')}
      </p>
      <form method="dialog">
        <button class="primary">{t('close')}</button>
      </form>
    </>
  );
}

function press(app: App, event: KeyboardEvent, help: () => void): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target.closest('dialog, [popover], textarea, select, input:not([type=checkbox])') !== null) return;
  const row = target.closest<HTMLElement>('[data-row]');
  if (row !== null && (event.key === 'ArrowDown' || event.key === 'ArrowUp'))
    return step(event, event.key === 'ArrowDown' ? 'down' : 'up');
  if (event.key === 'Escape') return app.queue.update(withNothingSelected);
  if (!app.preferences.get().shortcuts) return;
  const inRow = (selector: string) => () => row?.querySelector<HTMLElement>(selector)?.click();
  const acts: Readonly<Record<string, () => void>> = {
    u: () => document.querySelector<HTMLElement>('#choose-files')?.click(),
    '/': () => document.querySelector<HTMLElement>('#search')?.focus(),
    j: () => step(event, 'down'),
    k: () => step(event, 'up'),
    x: inRow('input[type=checkbox]'),
    d: inRow('[data-action=download]'),
    r: inRow('[data-action=retry]'),
    c: inRow('[data-action=copy]'),
    '?': help,
  };
  const act = acts[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

/** Moves the focus to the next or previous row. From outside the queue, it moves to the first row. */
function step(event: KeyboardEvent, way: 'down' | 'up'): void {
  event.preventDefault();
  const rows = [...document.querySelectorAll<HTMLElement>('table.queue [data-row]')];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = here < 0 ? rows[0] : rows[here + (way === 'down' ? 1 : -1)];
  next?.querySelector<HTMLElement>('a[data-first]')?.focus();
}
