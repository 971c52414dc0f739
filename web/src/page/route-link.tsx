import type { ComponentChildren } from 'preact';
import { useApp } from '../app.ts';
import { isPlainClick } from '../router.ts';

interface RouteLinkProps {
  readonly to: string;
  readonly class?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A link that the browser knows as a link. A plain click on it does not load the page again. */
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
