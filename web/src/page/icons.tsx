import type { ButtonHTMLAttributes } from 'preact';

/** Shapes on a 16 by 16 grid. They are hidden from screen readers, because a word stands beside each shape. */
const SHAPES = {
  queued: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M8 4.5V8l2.5 1.5',
  converting: 'M13.5 8A5.5 5.5 0 1 1 8 2.5',
  waiting: 'M4 1.5h8M4 14.5h8M5 1.5c0 4 6 4 6 6.5s-6 2.5-6 6.5M11 1.5c0 4-6 4-6 6.5s6 2.5 6 6.5',
  ready: 'M2.5 8.5l3.5 3.5 7.5-8',
  failed: 'M8 1.8 15 14H1zM8 6v4M8 12v.2',
  cancelled: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M3.5 3.5l9 9',
  expired: 'M2 4.5h12M6.5 2h3M3.5 4.5 4.5 14h7l1-9.5M6.5 7v4.5M9.5 7v4.5',
  upload: 'M8 11V2.5M4.5 6 8 2.5 11.5 6M2 11v2.5h12V11',
  download: 'M8 2v8.5M4.5 7 8 10.5 11.5 7M2 11v2.5h12V11',
  retry: 'M13.5 8A5.5 5.5 0 1 1 11.5 3.8M11.5 1v3h-3',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  search: 'M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2M10.8 10.8 14 14',
  settings:
    'M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7M11 2.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4M5 9.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4',
  keyboard: 'M1.5 4h13v8.5h-13zM4 6.7h.2M7 6.7h.2M10 6.7h.2M12.3 6.7h.2M4.5 10h7',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  back: 'M10 3 5 8l5 5',
  document: 'M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3',
  warning: 'M8 1.8 15 14H1zM8 6v4M8 12v.2',
  review:
    'M1 8c2-3.3 4.300-5 7-5s5 1.700 7 5c-2 3.300-4.300 5-7 5s-5-1.700-7-5M8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4',
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, spin = false }: { name: IconName; spin?: boolean }) {
  return (
    <svg class={spin ? 'icon spin' : 'icon'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}

/** A button that sends no form, with an optional icon before its words. */
export function Button({
  icon,
  children,
  ...rest
}: Omit<ButtonHTMLAttributes, 'icon'> & { icon?: IconName }) {
  return (
    <button type="button" {...rest}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}
