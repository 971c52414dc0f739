import type { QuarantineAnswer } from '../../../schemas/protocols/ops-api.ts';
import { RouteLink } from '../page/route-link.tsx';
import { opsJobPath } from '../router.ts';
import { clock, Moment } from '../page/moment.tsx';
import { useStore } from '../store.ts';
import { useOpsText } from './ops-text.ts';
import { GridTable, Panel } from './panel.tsx';
import { useAnswer } from './use-answer.ts';

const REPLAY_COMMAND = 'npm run docket -- quarantine replay';

/**
 * The streams that wait behind an event which could not be folded. The list is shown only for the present, because
 * past quarantine is not stored.
 */
export function Quarantine({ isPast }: { isPast: boolean }) {
  const say = useOpsText();
  return (
    <Panel titleId="quarantine-title" title={say('quarantineTitle')}>
      {isPast ? <p class="quiet">{say('presentOnly')}</p> : <Held />}
    </Panel>
  );
}

function Held() {
  const say = useOpsText();
  const version = useStore(clock, (now) => String(now));
  const { answer } = useAnswer<QuarantineAnswer>('/api/ops/quarantine', version);
  if (answer === null || answer.total === 0)
    return <p class="quiet">{say(answer === null ? 'quarantineHint' : 'quarantineNone')}</p>;
  const columns = (['columnJob', 'columnEvent', 'columnReason', 'projection', 'columnSince'] as const).map(
    (key) => say(key),
  );
  return (
    <>
      <p>
        {say('quarantineHint')} {say('quarantineReplay', { command: REPLAY_COMMAND })}
      </p>
      <GridTable titleId="quarantine-title" caption={say('quarantineTitle')} heads={columns}>
        {answer.held.map((each) => (
          <tr key={`${each.projection} ${each.version} ${each.stream}`} data-held={each.stream}>
            <th scope="row">
              {each.jobId === null ? (
                <code>{each.stream}</code>
              ) : (
                <RouteLink to={opsJobPath(each.jobId)}>
                  <code>{each.jobId}</code>
                </RouteLink>
              )}
            </th>
            <td>
              <code>
                {each.type} @{each.revision}
              </code>
            </td>
            <td lang="en">{each.reason}</td>
            <td>
              <code>
                {each.projection} v{each.version}
              </code>
            </td>
            <td>
              <Moment at={each.heldAt} />
            </td>
          </tr>
        ))}
      </GridTable>
    </>
  );
}
