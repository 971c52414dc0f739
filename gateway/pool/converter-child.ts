import type { ParentMessage } from '../protocol/child-protocol.ts';
import { closeNetwork } from './close-network.ts';

/**
 * The process that opens PDFs. It has almost no rights (see `spawn-child.ts`) and converts one document at a time. It
 * ends when the IPC channel to its parent closes. The gateway's watch ends a child that is too busy to notice this
 * (see `end-with-parent.ts`).
 */
closeNetwork();
process.on('disconnect', () => process.exit(0));

const { runTask } = await import('./run-task.ts');
const { takeMappings } = await import('../conversion/convert.ts');
const { freeYoungMemory } = await import('./young-memory.ts');
const send = (message: unknown): void => void process.send?.(message);
const answer = (message: unknown): void => {
  send(message);
  freeYoungMemory();
};
process.on('message', (message: ParentMessage) => {
  if (message.type === 'mappings') takeMappings(message.own);
  else void runTask(message.task).then(answer);
});
// Loads the libraries before the first document. A child that draws must put the canvas in place before pdfjs looks for
// it.
if (process.env['DOCKET_DRAWING'] !== '1') await (await import('../pdf/open-document.ts')).loadPdfjs();
send({ type: 'ready' });
