import type { PageDrawing } from '../../schemas/protocols/gateway-explanation.ts';
import type { InvoiceIdentity } from '../../schemas/events/job-events.ts';
import type { Mapping } from '../mapping/mapping-schema.ts';
import type {
  ConvertingMapping,
  GatewayRefusalCode,
  GatewayWarning,
  InvoiceFormat,
  ResultMediaType,
} from '../../schemas/protocols/gateway-protocol.ts';

/** The page to draw, and the options of the picture. */
export interface PictureRequest {
  /** The number of the page, from 1. */
  readonly page: number;
  readonly draw: PageDrawing;
  /** The scale in pixels a point. */
  readonly scale: number;
}

/** A task for a converter child. The gateway sends it over the child's IPC channel. */
export interface ConverterTask {
  readonly id: number;
  /** `format` writes a result in another format; `pdf` then holds that result. */
  readonly kind: 'convert' | 'explain' | 'explain-image' | 'format';
  readonly mappingId: string;
  readonly parameters: Readonly<Record<string, string>>;
  /**
   * The time at which the result is made, ISO 8601 in UTC. The pool sets it, so that no writer reads a clock.
   * Timetables need it.
   */
  readonly madeAt?: string;
  /** The picture of an `explain-image` task. */
  readonly picture?: PictureRequest;
  /** The target format of a `format` task. */
  readonly format?: InvoiceFormat;
  readonly pdf: Uint8Array;
}

/** A finished conversion. */
export interface ConverterSuccess {
  readonly ok: true;
  readonly body: Uint8Array;
  readonly mediaType: ResultMediaType | 'application/json' | 'image/png' | 'text/csv';
  readonly pages: number;
  /** The version of the mapping that the caller asked for. */
  readonly mappingVersion: number;
  /**
   * The mapping that made the result. It differs from the requested mapping when a reader passed the document to
   * another mapping.
   */
  readonly convertedBy?: ConvertingMapping;
  readonly warnings: readonly GatewayWarning[];
  /** The fields that identify the invoice. Absent when the result is no invoice or lacks one of these fields. */
  readonly invoice?: InvoiceIdentity | undefined;
}

/** The reason why a document was not converted. */
export interface ConverterRefusal {
  readonly ok: false;
  readonly code: GatewayRefusalCode;
  readonly message: string;
  /** The underlying cause, only for the gateway's log. */
  readonly detail?: string;
}

export type ConverterOutcome = ConverterSuccess | ConverterRefusal;

/** A message to a converter child: the operator's own mappings, at its start and whenever they change, or a task. */
export type ParentMessage =
  | { readonly type: 'mappings'; readonly own: readonly Mapping[] }
  | { readonly type: 'task'; readonly task: ConverterTask };

/** A message from a converter child: that it is ready, once, or the outcome of a task. */
export type ChildMessage =
  | { readonly type: 'ready' }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly outcome: ConverterOutcome;
      /** True when the child keeps memory that it does not free. The pool then replaces it. */
      readonly spent: boolean;
    };
