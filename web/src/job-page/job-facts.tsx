import type { ComponentChildren } from 'preact';
import type { JobView } from '../../../schemas/http-api.ts';
import { ConvertedBefore } from '../jobs/job-row.tsx';
import { ParameterName } from '../uploads/mapping-parameters.tsx';
import { Moment } from '../page/moment.tsx';
import { mappingLabel } from '../text/mapping-label.ts';
import { useText } from '../text/text-context.ts';

/** The facts about a document, as a list of terms. */
export function JobFacts({ job }: { job: JobView }) {
  const { t, formats } = useText();
  const { mapping, result, warnings, convertedBy, convertedBefore } = job;
  const parameters = Object.entries(job.parameters ?? {});
  return (
    <section class="facts" aria-labelledby="facts-title">
      <h2 id="facts-title">{t('jobFacts')}</h2>
      <dl>
        <Fact term={t('factMapping')}>
          {mappingLabel(t, mapping)}
          <br />
          <code>{mapping.id}</code> <span class="quiet">{t('version', { version: mapping.version })}</span>
        </Fact>
        {parameters.length > 0 && (
          <Fact term={t('factParameters')}>
            {parameters.map(([name, value]) => (
              <div key={name}>
                <ParameterName name={name} />: <code>{value}</code>
              </div>
            ))}
          </Fact>
        )}
        {convertedBy !== null && convertedBy.id !== mapping.id && (
          <Fact term={t('factConvertedBy')}>
            <code>{convertedBy.id}</code>{' '}
            <span class="quiet">{t('version', { version: convertedBy.version })}</span>
            <br />
            <code class="hash">sha256:{convertedBy.contentHash}</code>
          </Fact>
        )}
        {convertedBefore !== null && (
          <Fact term={t('factConvertedBefore')}>
            <ConvertedBefore before={convertedBefore} />
          </Fact>
        )}
        <Fact term={t('factSource')}>
          {formats.bytes(job.bytes)}
          {job.pages !== null && `, ${t('pages', { count: job.pages })}`}
        </Fact>
        {result !== null && (
          <Fact term={t('factResult')}>
            {formats.bytes(result.bytes)}, {result.mediaType}
            <br />
            <code class="hash">sha256:{result.sha256}</code>
          </Fact>
        )}
        {warnings.length > 0 && (
          <Fact term={t('factWarnings')}>
            <ul>
              {warnings.map((warning, index) => (
                <li key={index}>
                  <span lang="en">{warning.message}</span> <code>{warning.code}</code>
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact term={t('factAttempts')}>{formats.number(job.attempts)}</Fact>
        <Fact term={t('factAdded')}>
          <Moment at={job.createdAt} />
        </Fact>
        <Fact term={t('factChanged')}>
          <Moment at={job.updatedAt} />
        </Fact>
        <Fact term={t('jobId')}>
          <code class="hash">{job.jobId}</code>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
