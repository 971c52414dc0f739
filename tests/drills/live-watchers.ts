import WebSocket from 'ws';
import type { JobListAnswer, JobView } from '../../schemas/protocols/http-api.ts';
import { connectLive } from '../../web/live-client/live-client.ts';
import { expectThat } from './claims.ts';
import { cookieOf, request } from './people.ts';

/** A person who watches an owner's queue, over any number of connections. */
export interface LiveWatcher {
  readonly owner: string;
  rows(): ReadonlyMap<string, JobView>;
  /** Rows that went back to an earlier revision. */
  readonly stepsBack: readonly string[];
  connections(): number;
  /** Close codes, in order. */
  readonly closes: readonly number[];
  cut(): void;
  close(): void;
}

/** The product's own live client, outside a browser. */
export function watchQueue(url: string, owner: string): LiveWatcher {
  let rows: ReadonlyMap<string, JobView> = new Map();
  let socket: WebSocket | null = null;
  let connections = 0;
  const stepsBack: string[] = [];
  const closes: number[] = [];
  const seen = new Map<string, number>();
  const open = (address: string | URL, protocols?: string | string[]): WebSocket => {
    const opened = new WebSocket(address, protocols, { origin: url, headers: { cookie: cookieOf(owner) } });
    opened.on('error', () => undefined);
    opened.on('open', () => (connections += 1));
    opened.on('close', (code: number) => closes.push(code));
    socket = opened;
    return opened;
  };
  const client = connectLive({
    url: `${url.replace('http', 'ws')}/api/live`,
    // Called with `new`; a function that returns an object allows this.
    WebSocket: function Session(address: string | URL, protocols?: string | string[]) {
      return open(address, protocols);
    } as unknown as typeof globalThis.WebSocket,
    random: () => 0.05,
  });
  client.subscribe<JobView>('jobs', {
    keyOf: (row) => row.jobId,
    supersedes: (row, held) => row.revision > held.revision,
    onRows: (all) => {
      for (const [jobId, row] of all) {
        if (row.revision < (seen.get(jobId) ?? -1)) stepsBack.push(`${jobId} went back to ${row.revision}`);
        seen.set(jobId, row.revision);
      }
      rows = all;
    },
  });
  return {
    owner,
    stepsBack,
    closes,
    rows: () => rows,
    connections: () => connections,
    cut: () => socket?.terminate(),
    close: () => client.close(),
  };
}

/** An owner's rows by REST, page by page. */
export async function rowsByRest(url: string, owner: string): Promise<Map<string, JobView>> {
  const rows = new Map<string, JobView>();
  for (let after: string | null = ''; after !== null;) {
    const query = new URLSearchParams({ limit: '200', ...(after ? { after } : {}) });
    const response = await request(url, owner, `/api/jobs?${query.toString()}`);
    if (!response.ok) throw new Error(`GET /api/jobs: ${response.status}`);
    const page = (await response.json()) as JobListAnswer;
    for (const job of page.jobs) rows.set(job.jobId, job);
    after = page.next;
  }
  return rows;
}

/**
 * Checks that a watcher sees the same rows as REST returns (I9).
 * @throws DrillFailed with the difference
 */
export async function expectTheTruth(watcher: LiveWatcher, url: string): Promise<void> {
  const truth = await rowsByRest(url, watcher.owner);
  const seen = watcher.rows();
  const other = [...truth].filter(([jobId, row]) => seen.get(jobId)?.revision !== row.revision);
  const extra = [...seen.keys()].filter((jobId) => !truth.has(jobId));
  const [first] = other;
  expectThat(other.length === 0 && extra.length === 0, 'a watcher sees what REST answers', {
    rest: truth.size,
    watcher: seen.size,
    other: other.length,
    extra: extra.slice(0, 2),
    first: first?.[1],
    seen: first && seen.get(first[0])?.revision,
    closes: watcher.closes,
    connections: watcher.connections(),
  });
}
