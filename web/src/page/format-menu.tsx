import { useState } from 'preact/hooks';
import type { JobView } from '../../../schemas/protocols/http-api.ts';
import type { InvoiceFormat } from '../../../schemas/protocols/gateway-protocol.ts';
import { useApp, type App } from '../app.ts';
import { ApiFailure, askText } from '../live/api.ts';
import { isPlainClick } from '../router.ts';
import { useStore } from '../store.ts';
import { errorLine } from '../text/error-text.ts';
import { useText, type Text } from '../text/text-context.ts';
import { Button } from './icons.tsx';
import { downloadPath } from './job-actions.tsx';

/** Space between the button, the menu and the edge of the window, in pixels. */
const GAP_PX = 4;

/** The other formats of an invoice, as links in a native popover. It shows nothing for other documents. */
export function FormatMenu({ job }: { job: JobView }) {
  const app = useApp();
  const text = useText();
  const { t } = text;
  const formats = useStore(app.mappings, (all) => all.find(({ id }) => id === job.mapping.id)?.formats);
  const [isOpen, setOpen] = useState(false);
  if (formats === undefined) return null;
  const id = `formats-${job.jobId}`;
  return (
    <>
      <Button
        icon="down"
        class="quiet-button icon-button"
        data-action="formats"
        popovertarget={id}
        aria-expanded={isOpen}
        aria-label={t('formatsOf', { filename: job.filename })}
        title={t('formats')}
      />
      <div
        id={id}
        class="format-menu"
        popover="auto"
        role="group"
        aria-label={t('formatsOf', { filename: job.filename })}
        onToggle={(event) => {
          const menu = event.currentTarget;
          const opens = menu.matches(':popover-open');
          setOpen(opens);
          if (opens) requestAnimationFrame(() => placeBeside(menu));
        }}
      >
        {isOpen &&
          formats.map((format) => (
            <a
              key={format}
              href={`${downloadPath(job)}?format=${format}`}
              download
              data-format={format}
              onClick={(event) => {
                event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
                if (!isPlainClick(event)) return;
                event.preventDefault();
                void save(app, text, job, format);
              }}
            >
              {t(`format_${format}`)}
            </a>
          ))}
      </div>
    </>
  );
}

/**
 * Saves the file that the server makes. If the server refuses, for example because the values break a rule, it shows
 * the reason.
 */
async function save(app: App, { t }: Text, job: JobView, format: InvoiceFormat): Promise<void> {
  try {
    const made = new Blob([await askText(`${downloadPath(job)}?format=${format}`)]);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(made);
    link.download = `${job.filename.replace(/\.pdf$/i, '')}.${ENDINGS[format]}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), SAVED_AFTER_MS);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const { sentence } = errorLine(t, [error.code], error.message, app.limits.get().maxUploadMb);
    // The broken rule is shown in English only, like the warnings of a document.
    app.tell(error.code === 'FORMAT_NOT_POSSIBLE' ? `${sentence} ${error.message}` : sentence);
  }
}

const ENDINGS: Readonly<Record<InvoiceFormat, string>> = {
  ubl: 'xml',
  cii: 'xml',
  'cius-pt': 'cius-pt.xml',
  json: 'json',
  csv: 'csv',
};
/** After this time the browser has saved the bytes, so their URL is released. */
const SAVED_AFTER_MS = 60_000;

/** Places the menu below its button, or above it if there is no room. */
function placeBeside(menu: HTMLElement): void {
  const button = menu.previousElementSibling?.getBoundingClientRect();
  if (button === undefined) return;
  const { width, height } = menu.getBoundingClientRect();
  const below = button.bottom + GAP_PX;
  const top = below + height > innerHeight ? button.top - GAP_PX - height : below;
  menu.style.top = `${Math.max(GAP_PX, top)}px`;
  menu.style.left = `${Math.max(GAP_PX, button.right - width)}px`;
}
