import type { GatewayExplanation } from '../../../../schemas/gateway-explanation.ts';
import { Icon } from '../../page/icons.tsx';
import { useText } from '../../text/text-context.ts';

interface ValueListProps {
  readonly explanation: GatewayExplanation;
  readonly chosen: readonly number[];
  readonly choose: (places: readonly number[]) => void;
}

/** All values that were read, the missing values, and the failed checks. */
export function ValueList({ explanation: { values, missing, checks }, chosen, choose }: ValueListProps) {
  const { t } = useText();
  const broken = checks.filter(({ ok }) => !ok);
  return (
    <div
      class="value-list"
      tabIndex={0}
      role="region"
      aria-label={t('readingValues', { count: values.length })}
    >
      {broken.map(({ rule, what, left, right, severity }) => (
        <p key={rule} class={severity === 'error' ? 'error-line' : 'warnings'}>
          <Icon name="warning" /> <span lang="en">{what}</span>: {left} ≠ {right} <code>{rule}</code>
        </p>
      ))}
      <ul>
        {values.map(({ path, value }, place) => (
          <li key={place}>
            <button
              type="button"
              class="value-line"
              aria-pressed={chosen.includes(place)}
              onClick={() => choose([place])}
              onPointerEnter={(event) => event.pointerType === 'mouse' && choose([place])}
            >
              <code>{path}</code> <span>{value}</span>
            </button>
          </li>
        ))}
        {missing.map(({ path, required }) => (
          <li key={path} class={required ? 'error-line' : 'quiet'}>
            <code>{path}</code> {t(required ? 'readingMissing' : 'readingNotThere')}
          </li>
        ))}
      </ul>
      {values.length === 0 && missing.length === 0 && <p class="quiet">{t('readingNone')}</p>}
    </div>
  );
}
