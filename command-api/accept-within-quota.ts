import type { CommandContext } from '../event-store/handle-command.ts';
import type { StorageQuota } from '../schemas/error-codes.ts';
import type { UploadResult } from '../schemas/http-api.ts';
import type { UploadDocument } from '../schemas/job-commands.ts';
import { acceptDocument, type AcceptedDocument } from './accept-document.ts';
import type { WriteSide } from './write-side.ts';

/**
 * Makes a stored document a job if its owner has room for it. A document that is a job already needs none.
 * @throws QuotaExceeded when nothing was appended for lack of room; LogUnavailable as `acceptDocument`
 */
export function acceptWithinQuota(
  { log, decider, ownerStorage }: Pick<WriteSide, 'log' | 'decider' | 'ownerStorage'>,
  command: UploadDocument,
  context: CommandContext,
): Promise<AcceptedDocument> {
  if (ownerStorage === null) return acceptDocument(log, decider, command, context);
  // Where the room is short, the stream has to say first whether the document is a job already.
  const presumeNew = ownerStorage.hasRoom(command);
  return ownerStorage.holding(decider, (keepingRoom) =>
    acceptDocument(log, keepingRoom, command, { ...context, presumeNew }),
  );
}

/** The line of the answer for a file of `bytes` that has no room. */
export function quotaRefusal(
  quota: StorageQuota,
  bytes: number,
): Extract<UploadResult, { error: unknown }>['error'] {
  const { usedBytes, allowedBytes } = quota;
  const message =
    `Your files take ${megabytes(usedBytes)} MB of the ${megabytes(allowedBytes)} MB that you may use, so this one ` +
    `of ${megabytes(bytes)} MB has no room; room comes back as files expire.`;
  return { code: 'QUOTA_EXCEEDED', message, quota };
}

/** With one decimal where it says something. */
function megabytes(bytes: number): string {
  return String(Math.round((bytes / 1024 / 1024) * 10) / 10);
}
