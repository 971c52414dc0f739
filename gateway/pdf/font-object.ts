/** The part of a pdfjs font object that placing text needs; `PageFont` keeps what it says. */
export interface FontObject {
  readonly fontMatrix?: readonly number[];
  readonly vertical?: boolean;
  readonly defaultVMetrics?: readonly number[];
  readonly black?: boolean;
  readonly bold?: boolean;
  readonly name?: string;
  /** True for a font whose characters have codes of several bytes. */
  readonly composite?: boolean;
  /** What its characters are; a map of pdfjs, by `_map` where it comes from the file. */
  readonly toUnicode?: { has(code: number): boolean };
}
