/** What the writer expects of the stream. */
export type ExpectedState =
  | { readonly kind: 'revision'; readonly revision: number }
  | { readonly kind: 'no-stream' }
  | { readonly kind: 'any' }
  | { readonly kind: 'exists' };

/** An event as it came in; the buffers are views of the request. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: Buffer;
  readonly contentType: Buffer;
  readonly customMetadata: Buffer;
  readonly content: Buffer;
}
