import type { ComponentChildren } from 'preact';
import { Icon } from './icons.tsx';

interface EmptyStateProps {
  readonly title: string;
  readonly hint: string;
  readonly heading?: 'h1' | 'h3';
  readonly children?: ComponentChildren;
}

/** Shows, in the place of missing content, the reason and the only action that helps. */
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
