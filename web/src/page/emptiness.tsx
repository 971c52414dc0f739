import type { ComponentChildren } from 'preact';
import { Icon } from './icons.tsx';

interface EmptinessProps {
  readonly title: string;
  readonly hint: string;
  readonly heading?: 'h1' | 'h3';
  readonly children?: ComponentChildren;
}

/** A place with nothing in it: why, and the one thing to do about it. */
export function Emptiness({ title, hint, heading: Heading = 'h3', children }: EmptinessProps) {
  return (
    <div class="emptiness">
      <Icon name="document" />
      <Heading id={Heading === 'h1' ? 'queue-title' : undefined} tabIndex={Heading === 'h1' ? -1 : undefined}>
        {title}
      </Heading>
      <p>{hint}</p>
      {children}
    </div>
  );
}
