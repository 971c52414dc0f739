/** The properties of a pdfjs font that placing text needs. `PageFont` stores their values. */
export interface FontObject {
  readonly fontMatrix?: readonly number[];
  readonly vertical?: boolean;
  readonly defaultVMetrics?: readonly number[];
  readonly black?: boolean;
  readonly bold?: boolean;
  readonly name?: string;
  /** True for a font whose characters have codes of several bytes. */
  readonly composite?: boolean;
  /** Maps character codes to Unicode. pdfjs keeps the entries in `_map` when the map comes from the file. */
  readonly toUnicode?: { has(code: number): boolean };
}
