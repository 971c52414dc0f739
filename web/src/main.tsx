import { render, type FunctionComponent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LimitsAnswer, MappingListing } from '../../schemas/http-api.ts';
import { AppContext, createApp, useApp, type App } from './app.ts';
import { COMMAND_JOBS_MAX } from './jobs/limits.ts';
import { askJson, postJson } from './live/api.ts';
import { ClerkPage } from './page/clerk-page.tsx';
import { Shell } from './page/shell.tsx';
import type { Preferences } from './preferences.ts';
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

/** The page of the present address. What only one page needs is loaded with that page. */
function Page() {
  const { router } = useApp();
  const route = useStore(router.route, (now) => now);
  const [JobPage, setJobPage] = useState<FunctionComponent<{ jobId: string }> | null>(null);
  useEffect(() => {
    if (route.name === 'job')
      void import('./job-page/job-page.tsx').then((loaded) => setJobPage(() => loaded.JobPage));
  }, [route.name]);
  // the new page's heading takes the focus, so that a screen reader starts reading there
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) document.querySelector<HTMLElement>('#queue-title')?.focus({ preventScroll: true });
    first.current = false;
  }, [route]);
  if (route.name === 'queue') return <ClerkPage />;
  return JobPage === null ? null : <JobPage key={route.jobId} jobId={route.jobId} />;
}

/** Asks until there is an answer: without limits and mappings the page works, but by its own defaults. */
async function askUntilAnswered<Answer>(path: string, take: (answer: Answer) => void): Promise<void> {
  for (;;) {
    const answer = await askJson<Answer>(path).catch(() => null);
    if (answer !== null) return take(answer);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

const app = createApp(postJson, COMMAND_JOBS_MAX);
void askUntilAnswered<LimitsAnswer>('/api/limits', (limits) => app.limits.set(limits));
void askUntilAnswered<readonly MappingListing[]>('/api/mappings', (mappings) => app.mappings.set(mappings));
const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
render(<Root app={app} first={await loadText(localeOf(app.preferences.get()))} />, place);
