import type { ComponentChildren } from 'preact';
import { useApp } from '../app.ts';
import { isPlainClick } from '../router.ts';

interface RouteLinkProps {
  readonly to: string;
  readonly class?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A real link that does not load the page again when it is simply clicked. */
export function RouteLink({ to, children, ...rest }: RouteLinkProps) {
  const app = useApp();
  return (
    <a
      {...rest}
      href={to}
      data-first
      onClick={(event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        app.router.go(to);
      }}
    >
      {children}
    </a>
  );
}
