import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.ts';
import { ACTIVE_STATES } from '../jobs/states.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';

/** Shows the number of active jobs in the window's title. */
export function useWindowTitle(title: string): void {
  const { t } = useText();
  const active = useActiveCount();
  const words = title === t('appName') ? title : `${title} – ${t('appName')}`;
  document.title = active === 0 ? words : t('titleActive', { count: active, title: words });
}

function useActiveCount(): number {
  const app = useApp();
  return useStore(app.queue, ({ view }) => ACTIVE_STATES.reduce((sum, state) => sum + view.counts[state], 0));
}

/**
 * Tells a user who looks at another window that everything is finished, if the user has asked for this notification.
 */
export function FinishedNotification() {
  const app = useApp();
  const { t } = useText();
  const active = useActiveCount();
  const before = useRef(active);
  useEffect(() => {
    const finished = before.current > 0 && active === 0;
    before.current = active;
    if (!finished || !document.hidden || !app.preferences.get().notify) return;
    if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
    const { ready, failed } = app.queue.get().view.counts;
    new Notification(t('notifyTitle'), { body: t('notifyBody', { ready, failed }), tag: 'docket-finished' });
  }, [active]);
  return null;
}
