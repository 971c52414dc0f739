import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { ConvertedBefore } from '../jobs/job-row.tsx';
import { ParameterName } from '../uploads/mapping-parameters.tsx';
import { Moment } from '../page/moment.tsx';
import { Term } from '../page/term.tsx';
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
        <Term name={t('factMapping')}>
          {mappingLabel(t, mapping)}
          <br />
          <code>{mapping.id}</code> <span class="quiet">{t('version', { version: mapping.version })}</span>
        </Term>
        {parameters.length > 0 && (
          <Term name={t('factParameters')}>
            {parameters.map(([name, value]) => (
              <div key={name}>
                <ParameterName name={name} />: <code>{value}</code>
              </div>
            ))}
          </Term>
        )}
        {convertedBy !== null && convertedBy.id !== mapping.id && (
          <Term name={t('factConvertedBy')}>
            <code>{convertedBy.id}</code>{' '}
            <span class="quiet">{t('version', { version: convertedBy.version })}</span>
            <br />
            <code class="hash">sha256:{convertedBy.contentHash}</code>
          </Term>
        )}
        {convertedBefore !== null && (
          <Term name={t('factConvertedBefore')}>
            <ConvertedBefore before={convertedBefore} />
          </Term>
        )}
        <Term name={t('factSource')}>
          {formats.bytes(job.bytes)}
          {job.pages !== null && `, ${t('pages', { count: job.pages })}`}
        </Term>
        {result !== null && (
          <Term name={t('factResult')}>
            {formats.bytes(result.bytes)}, {result.mediaType}
            <br />
            <code class="hash">sha256:{result.sha256}</code>
          </Term>
        )}
        {warnings.length > 0 && (
          <Term name={t('factWarnings')}>
            <ul>
              {warnings.map((warning, index) => (
                <li key={index}>
                  <span lang="en">{warning.message}</span> <code>{warning.code}</code>
                </li>
              ))}
            </ul>
          </Term>
        )}
        <Term name={t('factAttempts')}>{formats.number(job.attempts)}</Term>
        <Term name={t('factAdded')}>
          <Moment at={job.createdAt} />
        </Term>
        <Term name={t('factChanged')}>
          <Moment at={job.updatedAt} />
        </Term>
        <Term name={t('jobId')}>
          <code class="hash">{job.jobId}</code>
        </Term>
      </dl>
    </section>
  );
}
