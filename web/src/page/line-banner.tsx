import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app.ts';
import { BANNER_AFTER_MS, lineOf, type Line } from '../live/connection.ts';
import { createStore, useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { clock } from './moment.tsx';
import { Button } from './icons.tsx';

/** The state of the connection in one word, as in the banner below. */
export const line = createStore<Line>('connecting');

export function LineWord() {
  const { t } = useText();
  const now = useStore(line, (state) => state);
  return (
    <span class="line" data-line={now}>
      <span class="dot" aria-hidden="true" />
      {t(`line_${now}`)}
    </span>
  );
}

/** Announces a lost connection after five seconds, and announces its return. */
export function LineBanner() {
  const app = useApp();
  const { t, formats } = useText();
  const connection = useStore(app.connection, (now) => now);
  const [, wake] = useState(0);
  const now = Date.now();
  const state = lineOf(connection, now);

  useEffect(() => {
    if (connection.downSinceMs === null) return;
    const timer = setTimeout(
      () => wake((count) => count + 1),
      BANNER_AFTER_MS - (Date.now() - connection.downSinceMs) + 10,
    );
    return () => clearTimeout(timer);
  }, [connection.downSinceMs]);
  useEffect(() => {
    const before = line.get();
    line.set(state);
    clock.set(Date.now());
    if (state === 'lost') app.tell(t('line_lost'));
    if (state === 'live' && before === 'lost') app.tell(t('backLive'));
  }, [state]);

  const { origins } = useStore(app.limits, (limits) => limits);
  const [ours] = origins;
  if (ours !== undefined && !origins.includes(location.origin))
    return (
      <section class="banner" data-line="foreign-address" aria-label={t('foreignAddress')}>
        <p>
          {t('bannerForeignAddress')} <a href={ours}>{ours}</a>
        </p>
      </section>
    );
  if (state !== 'lost' && state !== 'polling') return null;
  const since = formats.clock(connection.downSinceMs ?? now);
  return (
    <section class="banner" data-line={state} aria-label={t(`line_${state}`)}>
      <p>{state === 'lost' ? t('bannerLost', { time: since }) : t('bannerPolling')}</p>
      {state === 'lost' && <Button onClick={() => app.feed.client.reconnectNow()}>{t('connectNow')}</Button>}
    </section>
  );
}
