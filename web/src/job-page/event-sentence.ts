import type { JobEvent } from '../../../schemas/job-events.ts';
import type { TimelineEntry } from '../../../schemas/http-api.ts';
import { errorLine } from '../text/error-text.ts';
import type { Text } from '../text/text-context.ts';

/** An event in words, and the failure code it carries. */
export interface EventWords {
  readonly sentence: string;
  readonly code: string | null;
}

const REQUESTED = {
  upload: 'event_ConversionRequested_upload',
  retry: 'event_ConversionRequested_retry',
  're-upload': 'event_ConversionRequested_reupload',
} as const;

const ABANDONED = {
  'lease-ended': 'event_AttemptAbandoned_lease',
  'processor-silent': 'event_AttemptAbandoned_silent',
  shutdown: 'event_AttemptAbandoned_shutdown',
} as const;

/**
 * What an event says, in the reader's language. A type that this page does not know yet keeps the server's own
 * sentence.
 */
export function wordsOf(text: Text, entry: TimelineEntry, maxUploadMb: number): EventWords {
  const { t, formats } = text;
  // the server has checked the event against its schema before it became an entry
  const event = { type: entry.type, data: entry.data } as unknown as JobEvent;
  const plain = (sentence: string): EventWords => ({ sentence, code: null });
  const failed = (data: { code: string; reason: string | null; message: string }) =>
    errorLine(t, [data.reason, data.code], data.message, maxUploadMb);
  switch (event.type) {
    case 'DocumentUploaded':
      return plain(
        t('event_DocumentUploaded', { filename: event.data.filename, size: formats.bytes(event.data.bytes) }),
      );
    case 'ConversionRequested':
      return plain(t(REQUESTED[event.data.by]));
    case 'ConversionStarted':
      return plain(
        t('event_ConversionStarted', { attempt: event.data.attempt, worker: event.data.workerId }),
      );
    case 'ConversionDeferred': {
      const { what, code } = failed(event.data);
      const time = formats.clockSeconds(event.data.notBefore);
      return { sentence: t('event_ConversionDeferred', { attempt: event.data.attempt, what, time }), code };
    }
    case 'AttemptAbandoned':
      return plain(t(ABANDONED[event.data.cause], { attempt: event.data.attempt }));
    case 'ConversionSucceeded':
      return plain(
        t('event_ConversionSucceeded', {
          attempt: event.data.attempt,
          duration: formats.duration(event.data.gatewayMs),
          pages: t('pages', { count: event.data.pages }),
          size: formats.bytes(event.data.result.bytes),
        }),
      );
    case 'ConversionFailed': {
      const { sentence, code } = failed(event.data);
      return { sentence: t('event_ConversionFailed', { what: sentence }), code };
    }
    case 'ConversionCancelled':
      return plain(
        t(
          event.data.by === 'owner'
            ? 'event_ConversionCancelled_owner'
            : 'event_ConversionCancelled_operator',
        ),
      );
    case 'ResultDownloaded':
      return plain(t('event_ResultDownloaded', { size: formats.bytes(event.data.bytes) }));
    case 'ResultExpired':
      return plain(
        t(event.data.cause === 'age' ? 'event_ResultExpired_age' : 'event_ResultExpired_download'),
      );
    case 'SourceExpired':
      return plain(t(event.data.cause === 'age' ? 'event_SourceExpired_age' : 'event_SourceExpired_discard'));
    default:
      return plain(entry.sentence);
  }
}

/** Who caused an event, in words: the metadata's actor is `owner:<id>`, `processor:<id>`, `operator` or `system`. */
export function actorWords({ t }: Text, actor: string): string {
  if (actor.startsWith('owner')) return t('byOwner');
  if (actor.startsWith('operator')) return t('byOperator');
  if (actor.startsWith('processor')) return t('byProcessor');
  return t('bySystem');
}
