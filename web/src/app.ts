import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type {
  BatchAnswer,
  LimitsAnswer as Limits,
  MappingListing,
} from '../../schemas/protocols/http-api.ts';
import { emptyQueue, type QueueState } from './jobs/queue-state.ts';
import { readQuery } from './jobs/queue-query.ts';
import { NO_ANNOUNCEMENTS, merged, type Announcements } from './live/announcements.ts';
import { NOT_YET_CONNECTED, type Connection } from './live/connection.ts';
import { followJobs, type JobFeed } from './live/job-feed.ts';
import { keptPreferences, type Preferences } from './preferences.ts';
import { createRouter, type Router } from './router.ts';
import { createStore, type Store } from './store.ts';
import { createUploader, type Uploader } from './uploads/uploader.ts';
import { NO_UPLOADS, type UploadList } from './uploads/upload-list.ts';

/** The limits that apply until the installation's own limits arrive: the defaults of `schemas/settings/config.ts`. */
const USUAL_LIMITS: Limits = {
  maxUploadMb: 50,
  maxFilesPerRequest: 40,
  defaultMapping: 'pt_simon_invoice_v1',
  origins: [],
};

/** The address for jobs: the user's own jobs, or for operators the jobs of everybody. */
export type JobsBase = '/api/jobs' | '/api/ops/jobs';

/** The stores that the page watches, and the actions that it calls. */
export interface App {
  readonly queue: Store<QueueState>;
  readonly uploads: Store<UploadList>;
  readonly connection: Store<Connection>;
  readonly preferences: Store<Preferences>;
  readonly limits: Store<Limits>;
  readonly mappings: Store<readonly MappingListing[]>;
  /** Events that the live region has to announce. */
  readonly announcements: Store<Announcements>;
  /** The short note at the bottom of the page. */
  readonly notice: Store<string>;
  /** True when this session may use the operator's console. */
  readonly operator: Store<boolean>;
  readonly router: Router;
  readonly uploader: Uploader;
  readonly feed: JobFeed;
  /** Shows a note and announces it. */
  tell(text: string): void;
  /** Sends one command for many jobs: the user's own jobs, or jobs of everybody through the operators' address. */
  command(name: 'retry' | 'cancel', jobIds: readonly string[], base?: JobsBase): Promise<BatchAnswer>;
}

export function createApp(
  send: <Answer>(path: string, body: unknown) => Promise<Answer>,
  batchMax: number,
): App {
  const queue = createStore(emptyQueue(readQuery(location.search)));
  const uploads = createStore(NO_UPLOADS);
  const connection = createStore(NOT_YET_CONNECTED);
  const announcements = createStore(NO_ANNOUNCEMENTS);
  const notice = createStore('');
  const feed = followJobs(queue, connection);
  const uploader = createUploader(uploads, () => feed.pollSoon());
  connection.watch(({ status }) => status.phase === 'live' && uploader.wake());
  return {
    queue,
    uploads,
    connection,
    announcements,
    notice,
    preferences: keptPreferences(),
    limits: createStore(USUAL_LIMITS),
    mappings: createStore<readonly MappingListing[]>([]),
    operator: createStore(false),
    router: createRouter(),
    uploader,
    feed,
    tell(text) {
      notice.set(text);
      announcements.update((now) => merged(now, { ...NO_ANNOUNCEMENTS, said: [text] }));
    },
    async command(name, jobIds, base = '/api/jobs') {
      const results: BatchAnswer['results'] = [];
      let position = '0';
      for (let start = 0; start < jobIds.length; start += batchMax) {
        const part = await send<BatchAnswer>(`${base}/${name}`, {
          jobIds: jobIds.slice(start, start + batchMax),
        });
        results.push(...part.results);
        position = part.position;
      }
      feed.pollSoon();
      return { position, results };
    },
  };
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('there is no app around this component');
  return app;
}
