import type { ComponentChildren } from 'preact';

/** One term of a list of terms, with what is said of it. */
export function Term({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
