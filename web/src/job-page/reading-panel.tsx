import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';

type ReadingComponent = FunctionComponent<{ job: JobView; base: string }>;

/** The document beside its result. The panel loads its code and the gateway's data when it is opened. */
export function ReadingPanel({ job, base }: { job: JobView; base: string }) {
  const app = useApp();
  const { t } = useText();
  const open = useStore(app.preferences, (now) => now.reading);
  const [Reading, setReading] = useState<ReadingComponent | null>(null);
  useEffect(() => {
    if (open) void import('./reading/reading.tsx').then((loaded) => setReading(() => loaded.Reading));
  }, [open]);
  if (job.state !== 'ready' && job.state !== 'failed') return null;
  return (
    <details
      class="raw"
      open={open}
      onToggle={(event) => {
        const reading = event.currentTarget.open;
        app.preferences.update((now) => (now.reading === reading ? now : { ...now, reading }));
      }}
    >
      <summary>
        {t('jobReading')} <span class="quiet">{t('jobReadingHint')}</span>
      </summary>
      {open && Reading !== null && <Reading key={job.jobId} job={job} base={base} />}
    </details>
  );
}
