import type { GatewayRefusalCode, GatewayWarning, ResultMediaType } from '../../schemas/gateway-protocol.ts';

/** What the gateway asks a converter child for; sent over the child's IPC channel. */
export interface ConverterTask {
  readonly id: number;
  readonly kind: 'convert' | 'explain' | 'explain-image';
  readonly mappingId: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** For `explain-image`: the page to draw, from 1. */
  readonly imagePage?: number;
  readonly pdf: Uint8Array;
}

/** A finished conversion. */
export interface ConverterSuccess {
  readonly ok: true;
  readonly body: Uint8Array;
  readonly mediaType: ResultMediaType | 'application/json' | 'image/png';
  readonly pages: number;
  readonly mappingVersion: number;
  readonly warnings: readonly GatewayWarning[];
}

/** A document that was not converted, and why. */
export interface ConverterRefusal {
  readonly ok: false;
  readonly code: GatewayRefusalCode;
  readonly message: string;
  /** For the gateway's log only: what went wrong underneath. */
  readonly detail?: string;
}

export type ConverterOutcome = ConverterSuccess | ConverterRefusal;

/** What a converter child says: once that it is ready, then one answer a task. */
export type ChildMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly outcome: ConverterOutcome };
