/** Where a start reports what it does: a log, or the terminal, which shows the sentence alone. */
export interface StartLog {
  debug(details: object, sentence: string): void;
  warn(details: object, sentence: string): void;
}
