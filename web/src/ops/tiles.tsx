import type { ComponentChildren } from 'preact';
import type { DashboardAnswer } from '../../../schemas/protocols/dashboard-api.ts';
import { Icon } from '../page/icons.tsx';
import { clock } from '../page/moment.tsx';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { sumOf } from './live-window.ts';
import { useOpsText } from './ops-text.ts';

/** A larger lag of a projection is shown in colour. */
const LAG_WARN_MS = 5_000;

/** The most important figures, as terms and values. */
export function Tiles({ figures }: { figures: DashboardAnswer }) {
  const say = useOpsText();
  const { formats } = useText();
  const { jobs, totals, buckets, present, breaker } = figures;
  const flow = sumOf(buckets);
  const lastMinute = buckets.at(-2);
  const retriedNow = sumOf(buckets.slice(-2)).deferred;
  const isShaky = figures.window.bucket === 'minute' && retriedNow > 0;
  const lags: (number | null)[] = present?.projections.map((each) => each.lagMs) ?? [];
  // If the log does not answer, the lag is unknown. It must not be shown as small.
  const lagMs = lags.includes(null) ? null : Math.max(0, ...lags.map(Number));
  const alive = present?.workers.filter((worker) => worker.alive).length ?? 0;
  return (
    <dl class="tiles">
      <Tile name="depth" term={say('tileDepth')} note={say('tileTotal', { count: jobs.total })}>
        {formats.number(jobs.queueDepth)}
      </Tile>
      <Tile
        name="converting"
        term={say('tileConverting')}
        note={present === null ? '' : say('tileWorkers', { count: alive })}
      >
        {formats.number(jobs.byState.converting)}
      </Tile>
      {!figures.past && <Oldest since={jobs.oldestActiveSince} />}
      {figures.window.bucket === 'minute' && (
        <Tile name="done" term={say('tileDone')} note={say('tileStored', { count: flow.succeeded })}>
          {formats.number((lastMinute?.succeeded ?? 0) + (lastMinute?.failed ?? 0))}
        </Tile>
      )}
      <Tile
        name="failed"
        term={say('tileFailed')}
        alarm={jobs.byState.failed > 0}
        note={`${say('tileStored', { count: flow.failed })} · ${say('tileRejected', { count: flow.rejected })}`}
      >
        {formats.number(jobs.byState.failed)}
      </Tile>
      <Tile
        name="retried"
        term={say('tileRetried')}
        alarm={isShaky}
        note={figures.window.bucket === 'minute' ? say('tileRetriedNow', { count: retriedNow }) : ''}
      >
        {formats.number(flow.deferred)}
      </Tile>
      <Tile
        name="latency"
        term={say('tileLatency')}
        note={totals.latency === null ? '' : say('tileP99', { time: formats.duration(totals.latency.p99) })}
      >
        {totals.latency === null ? '–' : formats.duration(totals.latency.p95)}
      </Tile>
      {present !== null && (
        <Tile
          name="lag"
          term={say('tileLag')}
          alarm={lagMs === null || lagMs > LAG_WARN_MS}
          note={present.logHead === null ? '' : say('tileHead', { position: present.logHead })}
        >
          {lagMs === null ? say('unknown') : formats.duration(lagMs)}
        </Tile>
      )}
      <Tile
        name="breaker"
        term={say('tileBreaker')}
        alarm={breaker.state === 'open' || isShaky}
        note={
          breaker.since === null ? '' : say('breakerSince', { time: formats.clockSeconds(breaker.since) })
        }
      >
        <Icon name={breaker.state === 'open' || isShaky ? 'warning' : 'ready'} />{' '}
        {say(breaker.state === 'open' ? 'breakerOpen' : isShaky ? 'breakerShaky' : 'breakerClosed')}
      </Tile>
    </dl>
  );
}

function Oldest({ since }: { since: string | null }) {
  const say = useOpsText();
  const { formats } = useText();
  const nowMs = useStore(clock, (now) => now);
  const ageMs = since === null ? null : nowMs - Date.parse(since);
  return (
    <Tile name="oldest" term={say('tileOldest')} note={since === null ? '' : formats.clockSeconds(since)}>
      {ageMs === null ? say('tileNone') : formats.duration(Math.max(0, ageMs))}
    </Tile>
  );
}

function Tile({
  name,
  term,
  note,
  alarm = false,
  children,
}: {
  name: string;
  term: string;
  note: string;
  alarm?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class="tile" data-tile={name} data-alarm={alarm}>
      <dt>{term}</dt>
      <dd>
        <strong>{children}</strong>
        <span class="quiet">{note}</span>
      </dd>
    </div>
  );
}
