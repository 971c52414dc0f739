import type { JobStateName } from '../../../schemas/job-states.ts';
import { useText } from '../text/text-context.ts';
import { Icon } from './icons.tsx';

/** Shows a state as word, shape and colour, because colour alone is not accessible (WCAG 2.2, 1.4.1). */
export function Badge({ state }: { state: JobStateName }) {
  const { t } = useText();
  return (
    <span class="badge" data-state={state}>
      <Icon name={state} spin={state === 'converting'} />
      {t(`state_${state}`)}
    </span>
  );
}
