// Shows progress: one line that changes on a terminal, elsewhere a new line from time to time.
'use strict';

const RENEW_EVERY_MS = 1_000;
/** A log file or a CI page needs fewer lines. */
const LINE_EVERY_MS = 15_000;

/** @param {NodeJS.WriteStream} out */
function openProgress(out) {
  const startedAt = Date.now();
  let lookedUp = 0;
  let packages = 0;
  let waitsFor = null;
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  const state = () =>
    `Docket: installing what it runs on: ${lookedUp} packages looked up, ${packages} fetched, ${seconds()} s` +
    (waitsFor === null ? '' : ` (${waitsFor})`);
  const say = (text) =>
    out.write(out.isTTY ? `\r${text.slice(0, (out.columns || 80) - 1)}\u001b[K` : `${text}\n`);
  // The reader of the output may close it; the install continues.
  out.on('error', () => undefined);
  say(state());
  const timer = setInterval(() => say(state()), out.isTTY ? RENEW_EVERY_MS : LINE_EVERY_MS);
  return {
    lookedUp: () => {
      lookedUp += 1;
      waitsFor = null;
    },
    fetched: () => {
      packages += 1;
      waitsFor = null;
    },
    /** Shows the error after which npm repeats a request. */
    waits: (reason) => {
      waitsFor = reason;
    },
    end: (well) => {
      clearInterval(timer);
      if (out.isTTY) out.write('\r\u001b[K');
      if (well) out.write(`Docket: installed ${packages} packages in ${seconds()} s.\n`);
    },
  };
}

module.exports = { openProgress };
