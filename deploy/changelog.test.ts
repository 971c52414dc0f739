import { describe, expect, it } from '@jest/globals';
import { changelogOfRelease, versionAfter } from './changelog.ts';

describe('a release', () => {
  it('names what was unreleased after the version and the day, and leaves what is older', () => {
    const before =
      '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A door.\n\n## [0.1.0] - 2026-01-02\n\n- A wall.\n';
    expect(changelogOfRelease(before, '0.2.0', '2026-02-03')).toBe(
      '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- A door.\n\n' +
        '## [0.1.0] - 2026-01-02\n\n- A wall.\n',
    );
  });

  it('can be the first one', () => {
    expect(changelogOfRelease('## [Unreleased]\n\n- A door.\n', '0.1.0', '2026-02-03')).toBe(
      '## [Unreleased]\n\n## [0.1.0] - 2026-02-03\n\n- A door.\n',
    );
  });

  it.each(['## [Unreleased]\n', '## [Unreleased]\n\n### Added\n\n## [0.1.0] - 2026-01-02\n\n- A wall.\n'])(
    'is not made of nothing: %j',
    (changelog) => expect(changelogOfRelease(changelog, '0.2.0', '2026-02-03')).toBeNull(),
  );

  it.each([
    ['0.2.0', '0.2.1', null],
    ['0.2.9', '0.10.0', null],
    ['0.9.9', '1.0.0', null],
    ['0.2.0', '0.2.0', '0.2.0 does not come after 0.2.0.'],
    ['1.0.0', '0.9.9', '0.9.9 does not come after 1.0.0.'],
    ['0.2.0', 'v0.3.0', 'v0.3.0 is no version: write three numbers, such as 0.3.0.'],
    ['0.2.0', '0.3', '0.3 is no version: write three numbers, such as 0.3.0.'],
  ])('after %s may be %s: %p', (last, next, fault) => expect(versionAfter(last, next)).toBe(fault));
});
