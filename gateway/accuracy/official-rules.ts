import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Runs the official EN 16931 rules on a UBL document. Returns the fatal rules that it breaks, each once. */
export type OfficialRules = (xml: string) => string[];

interface Saxon {
  transform(options: Readonly<Record<string, unknown>>, mode: 'sync'): { readonly principalResult: string };
}

/**
 * Opens the official rules, compiled for Saxon's JavaScript processor. Neither is part of Docket. The processor
 * (`saxon-js`) must be installed in a folder above the stylesheet.
 * @param stylesheet path of the compiled stylesheet (`.sef.json`)
 * @throws Error when the file or the processor is missing
 */
export function openOfficialRules(stylesheet: string): OfficialRules {
  const load = createRequire(join(dirname(stylesheet), 'any.js'));
  const saxon = load('saxon-js') as Saxon;
  const stylesheetInternal: unknown = JSON.parse(readFileSync(stylesheet, 'utf8'));
  return (xml) => {
    const { principalResult } = saxon.transform(
      { stylesheetInternal, sourceText: xml, destination: 'serialized' },
      'sync',
    );
    return fatalIn(principalResult);
  };
}

/** Returns the ids of the fatal failed assertions in a report (Schematron Validation Report Language). */
export function fatalIn(report: string): string[] {
  const failed = [...report.matchAll(/<svrl:failed-assert\b[^>]*>/g)].map(([tag]) => tag);
  const fatal = failed.filter((tag) => /\bflag="fatal"/.test(tag));
  return [...new Set(fatal.map((tag) => /\bid="([^"]+)"/.exec(tag)?.[1] ?? 'without id'))];
}
