/** Where a start says what it does: a log, or a person at the terminal who reads the sentence alone. */
export interface StartLog {
  debug(details: object, sentence: string): void;
  warn(details: object, sentence: string): void;
}
