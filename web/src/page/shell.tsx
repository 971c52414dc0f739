import type { ComponentChildren } from 'preact';
import { useApp } from '../app.ts';
import { OPS_PATH } from '../router.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { FinishedNotification } from './attention.tsx';
import { LineBanner, LineWord } from './line-banner.tsx';
import { LiveRegion, Notice } from './live-region.tsx';
import { RouteLink } from './route-link.tsx';
import { Settings } from './settings.tsx';
import { Shortcuts } from './shortcuts.tsx';

/** Draws the parts that every page has. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { t } = useText();
  const operator = useStore(useApp().operator, (now) => now);
  return (
    <>
      <a class="skip" href="#queue-title">
        {t('skipToQueue')}
      </a>
      <header class="top">
        <RouteLink to="/" class="brand">
          <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d="M5 2.500h9l5 5v14H5z" />
            <path d="M9 13.500l2.500 2.500 4-4.500" />
          </svg>
          {t('appName')}
        </RouteLink>
        {operator && (
          <RouteLink to={OPS_PATH} class="top-link">
            {t('operations')}
          </RouteLink>
        )}
        <LineWord />
        <Shortcuts />
        <Settings />
      </header>
      <LineBanner />
      <main id="main">{children}</main>
      <p id="review-reason" hidden>
        {t('reviewReason')}
      </p>
      <LiveRegion />
      <Notice />
      <FinishedNotification />
    </>
  );
}
