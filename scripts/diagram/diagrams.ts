import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pictureOfCharts } from './charts.ts';
import type { Picture } from './model.ts';
import { pictureOfRoles } from './roles.ts';
import { pictureOfStack } from './stack.ts';
import { svgOf } from './svg.ts';

const approaches = resolve(import.meta.dirname, '../../approaches');

/** The title of each approach's diagram. */
const titles: Readonly<Record<string, string>> = {
  approach_0: 'approach_0: one machine, with everything on it',
  approach_1: 'approach_1: one machine, one Compose project',
  approach_2: 'approach_2: three machines, one Docker Swarm',
  approach_4: 'approach_4: three machines, one Kubernetes cluster, two environments',
};

/** Files that define an approach's containers, if it has any. */
const stackFiles = ['compose.yml', 'theapp.yml', 'infra.yml'];

export interface Diagram {
  readonly approach: string;
  readonly file: string;
  readonly svg: string;
}

/** The diagram of every approach, drawn from the files that its machines are made from. */
export async function diagrams(): Promise<Diagram[]> {
  const names = readdirSync(approaches).filter((name) => existsSync(join(approaches, name, 'machines.yml')));
  return await Promise.all(
    names.sort().map(async (approach) => {
      const folder = join(approaches, approach);
      const title = titles[approach] ?? approach;
      return { approach, file: join(folder, 'diagram.svg'), svg: svgOf(await pictureOf(folder, title)) };
    }),
  );
}

async function pictureOf(folder: string, title: string): Promise<Picture> {
  if (existsSync(join(folder, 'chart/Chart.yaml'))) return await pictureOfCharts(folder, title);
  const files = stackFiles.filter((file) => existsSync(join(folder, file)));
  return files.length > 0 ? pictureOfStack(folder, files, title) : await pictureOfRoles(folder, title);
}
