import type { JobStateName } from '../../../schemas/job-states.ts';
import type { MessageKey } from '../text/en.ts';
import { useText } from '../text/text-context.ts';
import { Icon } from './icons.tsx';

/** The words for every state, used by badges, filters and the job page. */
export const STATE_WORDS = {
  queued: 'stateQueued',
  converting: 'stateConverting',
  waiting: 'stateWaiting',
  ready: 'stateReady',
  failed: 'stateFailed',
  cancelled: 'stateCancelled',
  expired: 'stateExpired',
} as const satisfies Record<JobStateName, MessageKey>;

/** Shows a state as word, shape and colour, because colour alone is not accessible (WCAG 2.2, 1.4.1). */
export function Badge({ state }: { state: JobStateName }) {
  const { t } = useText();
  return (
    <span class="badge" data-state={state}>
      <Icon name={state} spin={state === 'converting'} />
      {t(STATE_WORDS[state])}
    </span>
  );
}
