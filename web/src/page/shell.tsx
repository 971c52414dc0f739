import type { ComponentChildren } from 'preact';
import { useApp } from '../app.ts';
import { OPS_PATH } from '../router.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { FinishedNotification } from './attention.tsx';
import { LineBanner, LineWord } from './line-banner.tsx';
import { RouteLink } from './route-link.tsx';
import { Settings } from './settings.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { useEffect, useRef, useState } from 'preact/hooks';
import { announcementsOf, NO_ANNOUNCEMENTS, announcementText, merged } from '../live/announcements.ts';

/** Events are gathered for this long and announced together, so that forty rows do not flood a screen reader. */
const GATHER_MS = 1_200;
const NOTICE_SHOWN_MS = 6_000;

/** The only polite live region of the page. */
function LiveRegion() {
  const app = useApp();
  const { t } = useText();
  const [text, setText] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  useEffect(() => {
    let before = app.queue.get();
    const stopQueue = app.queue.watch((after) => {
      const from = before;
      before = after;
      // The first load is silent, because nobody wants to hear the whole queue.
      if (!from.loaded || from.changes === after.changes) return;
      app.announcements.update((now) => merged(now, announcementsOf(after.changes)));
    });
    const stopAnnouncements = app.announcements.watch((now) => {
      if (now === NO_ANNOUNCEMENTS || timer.current !== null) return;
      timer.current = setTimeout(() => {
        timer.current = null;
        setText(announcementText(t, app.announcements.get()));
        app.announcements.set(NO_ANNOUNCEMENTS);
      }, GATHER_MS);
    });
    return () => {
      stopQueue();
      stopAnnouncements();
    };
  }, [app, t]);

  return (
    <div class="visually-hidden" role="status" aria-live="polite" id="live-region">
      {text}
    </div>
  );
}

/** Shows the same words on the screen. The live region has announced them already. */
function Notice() {
  const app = useApp();
  const [shown, setShown] = useState('');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = app.notice.watch((text) => {
      setShown(text);
      clearTimeout(timer);
      timer = setTimeout(() => app.notice.set(''), NOTICE_SHOWN_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [app]);
  return shown === '' ? null : (
    <div class="notice" aria-hidden="true">
      {shown}
    </div>
  );
}

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
