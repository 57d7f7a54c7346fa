import { existsSync, globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '../../provision/cli/approaches.ts';
import { locate } from '../../provision/computer/programs.ts';
import { helmFile } from '../../provision/machines/lab/kubernetes/programs.ts';

/** The folder of a chart, and a file with values for it; paths from the current folder. */
export interface Installation {
  readonly chart: string;
  readonly values: string;
}

/** The charts of all approaches, each with its defaults and with each of its files values-….yaml. */
export const installations = (root = ROOT): Installation[] =>
  globSync('approaches/*/*/Chart.yaml', { cwd: root })
    .sort()
    .flatMap((file) => {
      const chart = relative('', join(root, dirname(file)));
      const each = globSync(['values.yaml', 'values-*.yaml'], { cwd: chart }).sort();
      return each.map((name) => ({ chart, values: join(chart, name) }));
    });

/** The Helm that the lab has built, or the one on the PATH. */
export const helmHere = (): string | undefined => [helmFile()].find(existsSync) ?? locate('helm');
