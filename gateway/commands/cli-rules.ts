import { parseArgs } from 'node:util';
import { readGiven } from './cli-failure.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import { CIUS_PT_RULES } from '../rules/cius-pt/cius-pt-rules.ts';
import { sentenceOfBreach } from '../rules/rule.ts';
import { rulesTable } from '../rules/rules-table.ts';
import { RULES } from '../rules/rules.ts';

/**
 * `docket rules [FILE.xml ...]`: prints the rules that each UBL file breaks. Without a file it prints the rules
 * themselves.
 * @returns the process's exit code: 1 when a file breaks a rule that a result must keep
 * @throws CliFailure when a file cannot be read
 */
export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { markdown: { type: 'boolean' }, json: { type: 'boolean' } },
  });
  if (values.markdown) {
    console.log(rulesTable());
    return 0;
  }
  if (positionals.length === 0) {
    const rules = [...RULES, ...CIUS_PT_RULES].map(({ number, severity, section, says }) => ({
      number,
      severity,
      section,
      says,
    }));
    if (values.json) console.log(JSON.stringify(rules, null, 2));
    else for (const { number, says, section } of rules) console.log(`${number}: ${says} (${section})`);
    return 0;
  }
  const files = positionals.map((file) => ({ file, broken: brokenRules(readGiven(file).toString()) }));
  if (values.json) console.log(JSON.stringify(files, null, 2));
  else
    for (const { file, broken } of files)
      console.log(
        [`${file}: ${broken.length === 0 ? 'keeps every rule' : ''}`, ...broken.map(sentenceOfBreach)].join(
          '\n  ',
        ),
      );
  return files.some(({ broken }) => broken.some(({ severity }) => severity === 'fatal')) ? 1 : 0;
}
