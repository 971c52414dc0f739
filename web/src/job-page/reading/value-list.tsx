import type { GatewayExplanation } from '../../../../schemas/protocols/gateway-explanation.ts';
import { Button, Icon } from '../../page/icons.tsx';
import { useText } from '../../text/text-context.ts';
import { useEffect, useRef } from 'preact/hooks';
import type { ValueLinks } from './link-values.ts';
import type { XmlToken } from './xml-tokens.ts';

interface ResultViewProps {
  readonly tokens: readonly XmlToken[];
  readonly links: ValueLinks;
  readonly chosen: readonly number[];
  readonly choose: (places: readonly number[]) => void;
}

/**
 * The result as text. Every text that was read from the page is a button, which shows the place of the text on the
 * page.
 */
export function ResultView({ tokens, links, chosen, choose }: ResultViewProps) {
  const { t } = useText();
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const first = box.current?.querySelector('[aria-pressed=true]');
    // Only this box scrolls, because the page must not move away from the pointer.
    if (first instanceof HTMLElement && box.current !== null && !first.matches(':hover, :focus'))
      box.current.scrollTop = first.offsetTop - box.current.clientHeight / 3;
  }, [chosen]);
  let texts = -1;
  return (
    <pre ref={box} class="result-view" tabIndex={0} role="region" aria-label={t('readingXml')}>
      {tokens.map((token, index) => {
        if (token.kind === 'tag')
          return (
            <span key={index} class="tag">
              {token.source}
            </span>
          );
        if (token.kind === 'blank') return token.source;
        texts += 1;
        const places = links.valuesOfText[texts] ?? [];
        if (places.length === 0) return token.source;
        return (
          <Button
            key={index}
            class="xml-value"
            aria-pressed={places.some((place) => chosen.includes(place))}
            onClick={() => choose(places)}
            onPointerEnter={(event) => event.pointerType === 'mouse' && choose(places)}
          >
            {token.source}
          </Button>
        );
      })}
    </pre>
  );
}

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
            <Button
              class="value-line"
              aria-pressed={chosen.includes(place)}
              onClick={() => choose([place])}
              onPointerEnter={(event) => event.pointerType === 'mouse' && choose([place])}
            >
              <code>{path}</code> <span>{value}</span>
            </Button>
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
