import type { PageDrawing } from '../../schemas/gateway-explanation.ts';
import type { InvoiceIdentity } from '../../schemas/job-events.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type {
  ConvertingMapping,
  GatewayRefusalCode,
  GatewayWarning,
  InvoiceFormat,
  ResultMediaType,
} from '../../schemas/gateway-protocol.ts';

/** A picture of one page. */
export interface PictureRequest {
  /** From 1. */
  readonly page: number;
  readonly draw: PageDrawing;
  /** Pixels a point. */
  readonly scale: number;
}

/** What the gateway asks a converter child for; sent over the child's IPC channel. */
export interface ConverterTask {
  readonly id: number;
  /** `format` makes another format of a result, which is then what `pdf` holds. */
  readonly kind: 'convert' | 'explain' | 'explain-image' | 'format';
  readonly mappingId: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** When the result is made, ISO 8601 in UTC: the pool says it, and what is written reads no clock. Timetables need it. */
  readonly madeAt?: string;
  /** For `explain-image`: what to draw. */
  readonly picture?: PictureRequest;
  /** For `format`: what to make. */
  readonly format?: InvoiceFormat;
  readonly pdf: Uint8Array;
}

/** A finished conversion. */
export interface ConverterSuccess {
  readonly ok: true;
  readonly body: Uint8Array;
  readonly mediaType: ResultMediaType | 'application/json' | 'image/png' | 'text/csv';
  readonly pages: number;
  /** Of the mapping that was asked for. */
  readonly mappingVersion: number;
  /** The mapping that made the result: the one asked for, unless a reader handed the document to another mapping. */
  readonly convertedBy?: ConvertingMapping;
  readonly warnings: readonly GatewayWarning[];
  /** The fields that identify the invoice of the result; absent when it is no invoice or lacks one of them. */
  readonly invoice?: InvoiceIdentity | undefined;
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

/** What a converter child is told: the operator's own mappings at its start and whenever they change, and its tasks. */
export type ParentMessage =
  | { readonly type: 'mappings'; readonly own: readonly Mapping[] }
  | { readonly type: 'task'; readonly task: ConverterTask };

/** What a converter child says: once that it is ready, then one answer a task. */
export type ChildMessage =
  | { readonly type: 'ready' }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly outcome: ConverterOutcome;
      /** The child holds memory that it does not give back; it is to be replaced. */
      readonly spent: boolean;
    };
