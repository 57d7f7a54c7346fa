import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { explain } from '../../../errors.ts';
import { isOlder, requireGo, whyNoGo } from './go.ts';

/** Puts a Go of some version into the PATH, or none. */
function pretend(t: Test, version?: string): void {
  const folder = t.testdir(version === undefined ? {} : { go: `#!/bin/sh\necho ${version}\n` });
  if (version !== undefined) chmodSync(join(folder, 'go'), 0o755);
  const before = process.env.PATH;
  process.env.PATH = folder;
  t.teardown(() => {
    process.env.PATH = before;
  });
}

t.test('a computer without Go', async (t) => {
  pretend(t);
  t.equal(await whyNoGo(), 'Go is not installed, or not in the PATH');
  const error = await requireGo().catch((error: unknown) => error);
  t.match(explain(error), /Go is not installed.*\n {2}→ install Go 1\.26/);
});

t.test('an old Go is refused, with what to do', async (t) => {
  pretend(t, 'go1.24.4');
  t.match(await whyNoGo(), /^Go 1\.26\.\d+ or later is needed, and .*\/go is Go 1\.24\.4$/);
  const error = await requireGo().catch((error: unknown) => error);
  t.match(
    explain(error),
    /^this computer: the lab cannot build Kubernetes: Go 1\.26.* is Go 1\.24\.4\n {2}→ install Go 1\.26.*\n {2}→ or name sources/,
  );
});

t.test('a Go that is new enough is used', async (t) => {
  for (const version of ['go1.26.8', 'go1.30', 'go1.27rc1']) {
    pretend(t, version);
    t.equal(await whyNoGo(), undefined, version);
  }
});

t.test('something that is not Go', async (t) => {
  pretend(t, 'hello');
  t.match(await whyNoGo(), /does not report a version$/);
});

t.test('versions', async (t) => {
  const table: [string, string, boolean][] = [
    ['1.26', '1.26.4', true],
    ['1.26.4', '1.26.4', false],
    ['1.26.10', '1.26.4', false],
    ['1.9', '1.26', true],
    ['2', '1.26.4', false],
  ];
  for (const [version, than, expected] of table)
    t.equal(isOlder(version, than), expected, `${version} < ${than}`);
});
