import { createStore } from './store.ts';

export type Route =
  | { readonly name: 'queue' }
  | { readonly name: 'job'; readonly jobId: string }
  | { readonly name: 'ops' }
  | { readonly name: 'ops-job'; readonly jobId: string };

const JOB_PATH = /^(\/ops)?\/jobs\/([0-9a-f-]{36})\/?$/;
export const OPS_PATH = '/ops';

/** Every address that is not a job's shows the queue. */
export function routeOf(path: string): Route {
  if (path.replace(/\/$/, '') === OPS_PATH) return { name: 'ops' };
  const [, ops, jobId] = JOB_PATH.exec(path) ?? [];
  if (jobId === undefined) return { name: 'queue' };
  return { name: ops === undefined ? 'job' : 'ops-job', jobId };
}

export function jobPath(jobId: string): string {
  return `/jobs/${jobId}`;
}

/** The address of any owner's job, for operators. */
export function opsJobPath(jobId: string): string {
  return `${OPS_PATH}/jobs/${jobId}`;
}

/** The present address, and a function that goes to another address without loading the page again. */
export function createRouter() {
  const route = createStore(routeOf(location.pathname));
  addEventListener('popstate', () => route.set(routeOf(location.pathname)));
  return {
    route,
    go(path: string) {
      history.pushState(null, '', path);
      route.set(routeOf(location.pathname));
      scrollTo(0, 0);
    },
    /** Writes the state of the present page into its address, without a new entry in the history. */
    note(search: string) {
      history.replaceState(history.state, '', `${location.pathname}${search}`);
    },
  };
}
export type Router = ReturnType<typeof createRouter>;

/** True for a click that opens the link here, and not in a new tab or as a download. */
export function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
