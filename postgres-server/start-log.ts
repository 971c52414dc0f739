/** Receives reports of a start: a log, or the terminal, which shows only the sentence. */
export interface StartLog {
  debug(details: object, sentence: string): void;
  warn(details: object, sentence: string): void;
}
