import type { ComponentChildren } from 'preact';
import { Icon } from './icons.tsx';

interface EmptyStateProps {
  readonly title: string;
  readonly hint: string;
  readonly heading?: 'h1' | 'h3';
  readonly children?: ComponentChildren;
}

/** Shown where there is no content: the reason, and the one action that helps. */
export function EmptyState({ title, hint, heading: Heading = 'h3', children }: EmptyStateProps) {
  return (
    <div class="empty-state">
      <Icon name="document" />
      <Heading id={Heading === 'h1' ? 'queue-title' : undefined} tabIndex={Heading === 'h1' ? -1 : undefined}>
        {title}
      </Heading>
      <p>{hint}</p>
      {children}
    </div>
  );
}
