import type { DashboardAnswer } from '../../../schemas/protocols/dashboard-api.ts';
import { Moment } from '../page/moment.tsx';
import { Term } from '../page/term.tsx';
import { useText } from '../text/text-context.ts';
import { sumOf } from './live-window.ts';
import { Panel, Table } from './panel.tsx';
import { useOpsText } from './ops-text.ts';

/** Shows the numbers of stored files and of files that cleanup removed. */
export function StorageAndCleanup({ figures }: { figures: DashboardAnswer }) {
  const say = useOpsText();
  const { formats } = useText();
  const { source, result } = figures.storage;
  const removed = sumOf(figures.buckets);
  const stored = ({ files, bytes }: { files: number; bytes: number }) =>
    `${formats.bytes(bytes)} · ${say('storageFiles', { count: files })}`;
  return (
    <Panel titleId="storage-title" title={say('storageTitle')}>
      <dl class="terms">
        <Term name={say('storageSource')}>{stored(source)}</Term>
        <Term name={say('storageResult')}>{stored(result)}</Term>
        <Term name={say('cleanupRemoved')}>
          {say('cleanupFiles', {
            count: removed.removedSources + removed.removedResults,
            size: formats.bytes(removed.removedBytes),
          })}
        </Term>
        <Term name={say('cleanupLast')}>
          {figures.lastRemovalAt === null ? say('never') : <Moment at={figures.lastRemovalAt} />}
        </Term>
      </dl>
    </Panel>
  );
}

/** The lag of the read tables, and the processors. */
export function ReadSide({ figures: { present } }: { figures: DashboardAnswer }) {
  const say = useOpsText();
  const { formats } = useText();
  if (present === null)
    return (
      <Panel titleId="read-side-title" title={say('readSideTitle')}>
        <p class="quiet">{say('presentOnly')}</p>
      </Panel>
    );
  return (
    <Panel titleId="read-side-title" title={say('readSideTitle')}>
      {present.rebuilding.map(({ name, position, until, since }) => (
        <p key={name} role="status" data-alarm>
          {say('rebuilding', {
            name,
            percent: formats.number(
              Math.min(100, Math.floor((100 * Number(position)) / Math.max(1, Number(until)))),
            ),
          })}{' '}
          <Moment at={since} />
        </p>
      ))}
      <div class="two-tables" tabIndex={0} role="group" aria-labelledby="read-side-title">
        <Table
          caption={say('projection')}
          heads={[say('projection'), say('projectionLag'), say('projectionMoved'), say('projectionHeld')]}
        >
          {present.projections.map((each) => (
            <tr key={`${each.name} ${each.version}`}>
              <th scope="row">
                <code>
                  {each.name} v{each.version}
                </code>
              </th>
              <td>{each.lagMs === null ? say('unknown') : formats.duration(each.lagMs)}</td>
              <td>
                <Moment at={each.updatedAt} />
              </td>
              <td data-alarm={each.held > 0}>{formats.number(each.held)}</td>
            </tr>
          ))}
        </Table>
        <Table
          caption={say('worker')}
          heads={[say('worker'), say('workerState'), say('workerJobs'), say('workerSeen')]}
        >
          {present.workers.map((each) => (
            <tr key={each.id}>
              <th scope="row">
                <code>{each.id}</code>
              </th>
              <td data-alarm={!each.alive}>{say(each.alive ? 'alive' : 'silent')}</td>
              <td>{formats.number(each.converting)}</td>
              <td>
                <Moment at={each.seenAt} isPast />
              </td>
            </tr>
          ))}
        </Table>
      </div>
    </Panel>
  );
}
