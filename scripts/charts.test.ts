import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { ROOT } from '../provision/cli/approaches.ts';
import { installations } from './charts/charts.ts';

/** Runs the command where the only Helm is this program, or none. */
async function charts(folder: string) {
  const env = { PATH: folder, THEAPP_LAB_IMAGES: join(folder, 'images') };
  const { exitCode, all } = await execa(process.execPath, [join(ROOT, 'scripts/charts.ts')], {
    env,
    all: true,
    reject: false,
  });
  return `${exitCode}: ${all}`;
}

/** A program `helm` that prints its arguments and ends with this exit code. */
const helm = (code: number) => `#!/bin/sh\necho "$*"\nexit ${code}\n`;

t.test('each chart with its defaults and both environments', async (t) => {
  t.strictSame(
    installations().map(({ values }) => values.replace(/^.*approach_4\//, '')),
    ['chart', 'data'].flatMap((chart) =>
      ['values-production.yaml', 'values-staging.yaml', 'values.yaml'].map((file) => `${chart}/${file}`),
    ),
  );
});

t.test('without Helm, one line says what is skipped and how to get it', async (t) => {
  t.equal(
    await charts(t.testdir()),
    '0: charts: 6 files of values match their schemas; helm lint is skipped, because there is no Helm (install Helm 4, or build it: npm run lab -- images --kubernetes)',
  );
});

t.test('with Helm, its result counts', async (t) => {
  const programs = async (code: number) => {
    const folder = t.testdir({ helm: helm(code) });
    chmodSync(join(folder, 'helm'), 0o755);
    return await charts(folder);
  };
  t.match(await programs(0), /^0: charts: .*; helm lint passes$/);
  t.match(await programs(1), /^1: .*values-production\.yaml: helm lint finds problems\n +lint --strict /);
});
