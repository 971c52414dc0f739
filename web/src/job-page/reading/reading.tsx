import './reading.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { GatewayExplanation } from '../../../../schemas/protocols/gateway-explanation.ts';
import type { JobView } from '../../../../schemas/protocols/http-api.ts';
import { useApp } from '../../app.ts';
import { ApiFailure, askJson, askText } from '../../live/api.ts';
import { errorLine } from '../../text/error-text.ts';
import { useText } from '../../text/text-context.ts';
import { linkValues } from './link-values.ts';
import { PageView } from './page-view.tsx';
import { ValueList, ResultView } from './value-list.tsx';
import { tokensOf } from './xml-tokens.ts';
import { Button } from '../../page/icons.tsx';

/** The page does not show a longer result, because people cannot read so much. The user can download the result. */
const SHOWN_CHARS_MAX = 400_000;

interface Read {
  readonly explanation: GatewayExplanation;
  /** The result as text; null when the job has none. */
  readonly result: string | null;
}

/** The page beside its result. A value that is chosen on one side is highlighted on both sides. */
export function Reading({ job, base }: { job: JobView; base: string }) {
  const app = useApp();
  const { t } = useText();
  const [read, setRead] = useState<Read | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const hasResult = job.state === 'ready';
  useEffect(() => {
    let wanted = true;
    const place = `${base}/${job.jobId}`;
    Promise.all([
      askJson<GatewayExplanation>(`${place}/provenance`),
      hasResult ? askText(`${place}/result`) : null,
    ]).then(
      ([explanation, result]) => wanted && setRead({ explanation, result }),
      (error: unknown) => {
        if (!(error instanceof ApiFailure)) throw error;
        if (wanted) setFailure(error);
      },
    );
    return () => {
      wanted = false;
    };
  }, [job.jobId, hasResult]);

  if (failure !== null) {
    const line = errorLine(t, [failure.code], failure.message, app.limits.get().maxUploadMb);
    return (
      <p class="error-line">
        {failure.code === 'EXPIRED' ? t('readingExpired') : line.sentence} <code>{line.code}</code>
      </p>
    );
  }
  if (read === null)
    return (
      <div aria-busy="true">
        <p class="visually-hidden">{t('readingLoading')}</p>
        <div class="loading-row" />
      </div>
    );
  return <SideBySide job={job} base={base} {...read} />;
}

function SideBySide({ job, base, explanation, result }: Read & { job: JobView; base: string }) {
  const { t } = useText();
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [page, setPage] = useState(1);
  const { values } = explanation;
  const shownResult = result !== null && result.length <= SHOWN_CHARS_MAX ? result : null;
  const isXml = job.result?.mediaType === 'application/xml';
  const tokens = useMemo(
    () => (shownResult === null || !isXml ? [] : tokensOf(shownResult)),
    [shownResult, isXml],
  );
  const links = useMemo(
    () =>
      linkValues(
        tokens.filter(({ kind }) => kind === 'text').map(({ text }) => text),
        values.map(({ value }) => value),
      ),
    [tokens, values],
  );
  const [asList, setAsList] = useState(tokens.length === 0);

  function choose(places: readonly number[]): void {
    setChosen(places);
    const first = values[places[0] ?? -1];
    if (first !== undefined && first.page > 0) setPage(first.page);
  }

  return (
    <div class="reading">
      <PageView
        src={`${base}/${job.jobId}/pages/${page}`}
        filename={job.filename}
        explanation={explanation}
        page={page}
        setPage={setPage}
        chosen={chosen}
        choose={choose}
      />
      <div class="reading-side">
        <div class="reading-tabs" role="group" aria-label={t('readingAs')}>
          {tokens.length > 0 && (
            <Button class="filter" aria-pressed={!asList} onClick={() => setAsList(false)}>
              {t('readingXml')}
            </Button>
          )}
          <Button class="filter" aria-pressed={asList} onClick={() => setAsList(true)}>
            {t('readingValues', { count: values.length })}
          </Button>
        </div>
        <ChosenValue explanation={explanation} chosen={chosen} />
        {asList ? (
          <ValueList explanation={explanation} chosen={chosen} choose={choose} />
        ) : (
          <ResultView tokens={tokens} links={links} chosen={chosen} choose={choose} />
        )}
      </div>
    </div>
  );
}

/** The facts about the chosen value: its name, its printed form, and the rule that found it. */
function ChosenValue({
  explanation,
  chosen,
}: {
  explanation: GatewayExplanation;
  chosen: readonly number[];
}) {
  const { t } = useText();
  const value = explanation.values[chosen[0] ?? -1];
  if (value === undefined) return <p class="quiet chosen-value">{t('readingHint')}</p>;
  return (
    <p class="chosen-value">
      <code>{value.path}</code> <strong>{value.raw || value.value}</strong>{' '}
      <span class="quiet">
        {value.box === null
          ? t('readingDerived')
          : t('pageOf', { page: value.page, pages: explanation.pages.length })}
        {' · '}
        <span lang="en">{value.rule}</span>
      </span>
    </p>
  );
}
