/** The state of the stream that the writer expects. */
export type ExpectedState =
  | { readonly kind: 'revision'; readonly revision: number }
  | { readonly kind: 'no-stream' }
  | { readonly kind: 'any' }
  | { readonly kind: 'exists' };

/** An event of a request. The buffers are views of that request. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: Buffer;
  readonly contentType: Buffer;
  readonly customMetadata: Buffer;
  readonly content: Buffer;
}
