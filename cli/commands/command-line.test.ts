import { describe, expect, it } from '@jest/globals';
import { runDocket } from '../../tests/harness/run-docket.ts';
import { helpOf, unknownOption } from './command-line.ts';
import { COMMANDS } from './commands.ts';

describe('every command of docket', () => {
  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s: help has an example that it understands, its exit codes, and --json',
    (name, command) => {
      const help = helpOf(command);
      expect(help).toContain(`docket ${name}`);
      expect(help).toMatch(/Exit codes: 0 .*1 .*2 .*130 /s);
      expect(command.usage).toContain('--json');
      const [, own = ''] = command.example.split(`docket -- ${name}`);
      expect(command.example.includes(name) || command.example.endsWith('npm start')).toBe(true);
      expect(unknownOption(command, own.split(' '))).toBeNull();
      expect(unknownOption(command, ['--json'])).toBeNull();
      expect(unknownOption(command, ['list', '--jsno'])).toBe('--jsno');
    },
  );

  it('shows its help with 0; an option it does not know ends with 2 and one sentence, before anything is done', async () => {
    const [help, wrong, settings] = await Promise.all([
      runDocket(['export', '--help']),
      runDocket(['cleanup', '--dryrun']),
      runDocket(['settings', '--json']),
    ]);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('Example:');
    expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([
      2,
      '',
      'docket: cleanup has no option --dryrun. `docket cleanup --help` lists its options.\n',
    ]);
    expect(JSON.parse(settings.stdout)).toContainEqual(expect.objectContaining({ name: 'PORT' }));
  }, 30_000);

  it('names a command that there is not, and ends with 2', async () => {
    const { code, stderr } = await runDocket(['exprot']);
    expect([code, stderr]).toEqual([2, "docket: there is no command 'exprot'. `docket help` lists them.\n"]);
  }, 30_000);
});
