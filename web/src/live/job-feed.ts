import type { JobListAnswer, JobView } from '../../../schemas/protocols/http-api.ts';
import { connectLive } from '../../live-client/live-client.ts';
import { supersedes, withRows, type QueueState } from '../jobs/queue-state.ts';
import { ACTIVE_STATES } from '../jobs/states.ts';
import type { Store } from '../store.ts';
import { askJson } from './api.ts';
import { withStatus, type Connection } from './connection.ts';

/** Rows are drawn at most this often, however fast they arrive. */
const DRAW_EVERY_MS = 100;
const POLL_EVERY_MS = 4_000;
const POLL_PAGE_JOBS = 200;
/** The most jobs that polling fetches. The socket has no such limit. */
const POLL_JOBS_MAX = 2_000;

/**
 * Keeps the queue equal to the server's queue. It uses the socket, and uses requests only while sockets do not work.
 */
export function followJobs(queue: Store<QueueState>, connection: Store<Connection>) {
  const take = collector((rows) => queue.update((state) => withRows(state, rows)));
  const client = connectLive({
    url: liveUrl(location),
    onStatus: (status) => connection.update((now) => withStatus(now, status, Date.now())),
  });
  client.subscribe<JobView>('jobs', {
    keyOf: (job) => job.jobId,
    supersedes,
    onRows: (_rows, changed) => take(changed),
  });
  addEventListener('online', () => client.reconnectNow());
  document.addEventListener('visibilitychange', () => document.hidden || client.reconnectNow());
  return {
    client,
    /** Notes that the user sent a command or a file, so that polling continues until its effect appears. */
    pollSoon: pollWhileBlocked(queue, connection),
  };
}
export type JobFeed = ReturnType<typeof followJobs>;

function liveUrl({ protocol, host }: Location): string {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/api/live`;
}

/** Passes rows on in groups: the first group at once, later groups at most as often as the page should draw. */
function collector(hand: (rows: readonly JobView[]) => void): (rows: readonly JobView[]) => void {
  let waiting: JobView[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = () => {
    timer = null;
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    timer = setTimeout(flush, DRAW_EVERY_MS);
    hand(rows);
  };
  return (rows) => {
    waiting.push(...rows);
    if (rows.length === 0) hand([]);
    else if (timer === null) flush();
  };
}

/** Polls while sockets are blocked, and stops when no job is active. Returns the function that starts it again. */
function pollWhileBlocked(queue: Store<QueueState>, connection: Store<Connection>): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isWanted = true;

  const poll = async () => {
    timer = null;
    if (!connection.get().polling) return;
    isWanted = false;
    const rows = await fetchJobs().catch(() => null);
    if (!connection.get().polling) return;
    connection.update((now) => ({ ...now, unreachable: rows === null }));
    if (rows !== null) queue.update((state) => withRows(state, rows));
    schedule(POLL_EVERY_MS);
  };
  const schedule = (afterMs: number) => {
    const { counts } = queue.get().view;
    const worth =
      isWanted || connection.get().unreachable || ACTIVE_STATES.some((state) => counts[state] > 0);
    if (timer === null && worth && connection.get().polling) timer = setTimeout(() => void poll(), afterMs);
  };
  connection.watch(() => schedule(0));
  return () => {
    isWanted = true;
    schedule(0);
  };
}

async function fetchJobs(): Promise<JobView[]> {
  const jobs: JobView[] = [];
  let after = '';
  while (jobs.length < POLL_JOBS_MAX) {
    const page = await askJson<JobListAnswer>(`/api/jobs?limit=${POLL_PAGE_JOBS}${after}`);
    jobs.push(...page.jobs);
    if (page.next === null) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  return jobs;
}
