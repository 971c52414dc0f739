import { useState } from 'preact/hooks';
import type { JobView } from '../../../schemas/http-api.ts';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { Icon } from './icons.tsx';
import { downloadPath } from './job-actions.tsx';

/** Space between the button, the menu and the edge of the window, in pixels. */
const GAP_PX = 4;

/** The other formats that an invoice can be had in: links in a native popover. Nothing for what is no invoice. */
export function FormatMenu({ job }: { job: JobView }) {
  const app = useApp();
  const { t } = useText();
  const formats = useStore(app.mappings, (all) => all.find(({ id }) => id === job.mapping.id)?.formats);
  const [isOpen, setOpen] = useState(false);
  if (formats === undefined) return null;
  const id = `formats-${job.jobId}`;
  return (
    <>
      <button
        type="button"
        class="quiet-button icon-button"
        data-action="formats"
        popovertarget={id}
        aria-expanded={isOpen}
        aria-label={t('formatsOf', { filename: job.filename })}
        title={t('formats')}
      >
        <Icon name="down" />
      </button>
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
              onClick={(event) => event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover()}
            >
              {t(`format_${format}`)}
            </a>
          ))}
      </div>
    </>
  );
}

/** Below the button that opened the menu, above it where there is no room. */
function placeBeside(menu: HTMLElement): void {
  const button = menu.previousElementSibling?.getBoundingClientRect();
  if (button === undefined) return;
  const { width, height } = menu.getBoundingClientRect();
  const below = button.bottom + GAP_PX;
  const top = below + height > innerHeight ? button.top - GAP_PX - height : below;
  menu.style.top = `${Math.max(GAP_PX, top)}px`;
  menu.style.left = `${Math.max(GAP_PX, button.right - width)}px`;
}
