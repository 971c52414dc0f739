import type { ComponentChildren } from 'preact';
import type { JobView, TimelineEntry } from '../../../schemas/http-api.ts';
import type { ConvertedBy, MappingRef } from '../../../schemas/job-events.ts';
import { ParameterName } from '../page/mapping-parameters.tsx';
import { Moment } from '../page/moment.tsx';
import { mappingLabel } from '../text/mapping-label.ts';
import { useText } from '../text/text-context.ts';

/** What is known about a document, as a list of terms. */
export function JobFacts({ job, entries }: { job: JobView; entries: readonly TimelineEntry[] | null }) {
  const { t, formats } = useText();
  const { mapping, result, warnings } = job;
  const told = toldByEvents(entries ?? []);
  return (
    <section class="facts" aria-labelledby="facts-title">
      <h2 id="facts-title">{t('jobFacts')}</h2>
      <dl>
        <Fact term={t('factMapping')}>
          {mappingLabel(t, mapping)}
          <br />
          <code>{mapping.id}</code> <span class="quiet">{t('version', { version: mapping.version })}</span>
        </Fact>
        {told.parameters.length > 0 && (
          <Fact term={t('factParameters')}>
            {told.parameters.map(([name, value]) => (
              <div key={name}>
                <ParameterName name={name} />: <code>{value}</code>
              </div>
            ))}
          </Fact>
        )}
        {told.convertedBy !== undefined && told.convertedBy.id !== mapping.id && (
          <Fact term={t('factConvertedBy')}>
            <code>{told.convertedBy.id}</code>{' '}
            <span class="quiet">{t('version', { version: told.convertedBy.version })}</span>
            <br />
            <code class="hash">sha256:{told.convertedBy.contentHash}</code>
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

/** What the upload gave its mapping, and the mapping that made the result, as the events have it. */
function toldByEvents(entries: readonly TimelineEntry[]): {
  parameters: readonly (readonly [name: string, value: string])[];
  convertedBy: ConvertedBy | undefined;
} {
  const newest = (type: string): Readonly<Record<string, unknown>> | undefined =>
    entries.findLast((entry) => entry.type === type)?.data;
  const upload = newest('DocumentUploaded') as { mapping?: MappingRef } | undefined;
  const success = newest('ConversionSucceeded') as { convertedBy?: ConvertedBy } | undefined;
  return {
    parameters: Object.entries(upload?.mapping?.parameters ?? {}),
    convertedBy: success?.convertedBy,
  };
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
