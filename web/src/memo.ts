import { Component, createElement, type FunctionComponent } from 'preact';

/** A component that is drawn again only when one of its properties has changed. */
export function memo<Props extends object>(inner: FunctionComponent<Props>): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const now = this.props as Readonly<Record<string, unknown>>;
      return Object.entries(next).some(([name, value]) => !Object.is(now[name], value));
    }
    override render() {
      return createElement(inner, this.props as Props & { children?: never });
    }
  }
  return Memo as unknown as FunctionComponent<Props>;
}
