import { render, type FunctionComponent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LimitsAnswer, MappingListing } from '../../schemas/protocols/http-api.ts';
import type { MeAnswer } from '../../schemas/protocols/ops-api.ts';
import { AppContext, createApp, useApp, type App, type JobsBase } from './app.ts';
import { COMMAND_JOBS_MAX } from './jobs/limits.ts';
import { ApiFailure, askJson, postJson } from './live/api.ts';
import { QueuePage } from './page/queue-page.tsx';
import { Shell } from './page/shell.tsx';
import type { Preferences } from './preferences.ts';
import type { Route } from './router.ts';
import { useStore } from './store.ts';
import { TextContext, textOf, type Text } from './text/text-context.ts';
import { chooseLocale, loadCatalogue, type Locale } from './text/translate.ts';

const ASK_AGAIN_MS = 3_000;

function localeOf({ locale }: Preferences): Locale {
  return locale === 'auto' ? chooseLocale(navigator.languages) : locale;
}

async function loadText(locale: Locale): Promise<Text> {
  document.documentElement.lang = locale;
  return textOf(locale, await loadCatalogue(locale));
}

function Root({ app, first }: { app: App; first: Text }) {
  const [text, setText] = useState(first);
  const preferences = useStore(app.preferences, (now) => now);
  const locale = localeOf(preferences);
  useEffect(() => {
    if (locale !== text.locale) void loadText(locale).then(setText);
  }, [locale]);
  useEffect(() => {
    if (preferences.theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = preferences.theme;
  }, [preferences.theme]);
  return (
    <AppContext.Provider value={app}>
      <TextContext.Provider value={text}>
        <Shell>
          <Page key={text.locale} />
        </Shell>
      </TextContext.Provider>
    </AppContext.Provider>
  );
}

type JobPageComponent = FunctionComponent<{ jobId: string; base?: JobsBase }>;
interface LoadedPages {
  readonly JobPage: JobPageComponent | null;
  readonly OpsPage: FunctionComponent | null;
}

async function loadPage(name: Route['name']): Promise<Partial<LoadedPages>> {
  if (name === 'queue') return {};
  if (name === 'ops') return { OpsPage: (await import('./ops/ops-page.tsx')).OpsPage };
  return { JobPage: (await import('./job-page/job-page.tsx')).JobPage };
}

/** The page of the present address. Parts that only one page needs are loaded with that page. */
function Page() {
  const { router } = useApp();
  const route = useStore(router.route, (now) => now);
  const [{ JobPage, OpsPage }, setPages] = useState<LoadedPages>({ JobPage: null, OpsPage: null });
  useEffect(
    () => void loadPage(route.name).then((page) => setPages((now) => ({ ...now, ...page }))),
    [route.name],
  );
  // The new page's heading gets the focus, so that a screen reader starts there.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) document.querySelector<HTMLElement>('#queue-title')?.focus({ preventScroll: true });
    first.current = false;
  }, [route]);
  if (route.name === 'queue') return <QueuePage />;
  if (route.name === 'ops') return OpsPage === null ? null : <OpsPage />;
  if (JobPage === null) return null;
  if (route.name === 'ops-job')
    return <JobPage key={`ops ${route.jobId}`} jobId={route.jobId} base="/api/ops/jobs" />;
  return <JobPage key={route.jobId} jobId={route.jobId} />;
}

/**
 * Retries until the server sends an answer or a refusal. Without limits and mappings the page uses its own defaults.
 */
async function askUntilAnswered<Answer>(path: string, take: (answer: Answer) => void): Promise<void> {
  for (;;) {
    const answer = await askJson<Answer>(path).catch((error: unknown) => error as Error);
    if (answer instanceof ApiFailure && !answer.retryable) return;
    if (!(answer instanceof Error)) return take(answer);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

const app = createApp(postJson, COMMAND_JOBS_MAX);
void askUntilAnswered<LimitsAnswer>('/api/limits', (limits) => app.limits.set(limits));
void askUntilAnswered<readonly MappingListing[]>('/api/mappings', (mappings) => app.mappings.set(mappings));
void askUntilAnswered<MeAnswer>('/api/me', ({ operator }) => app.operator.set(operator));
const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
render(<Root app={app} first={await loadText(localeOf(app.preferences.get()))} />, place);
