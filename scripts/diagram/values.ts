import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readYaml } from './stack.ts';

export type Values = Readonly<Record<string, unknown>>;

/** The values of both charts in one environment. */
export interface Environment {
  readonly name: string;
  readonly chart: Values;
  readonly data: Values;
}

/** The defaults of both charts, with those of the environment over them. */
export function environmentOf(folder: string, name: string): Environment {
  const valuesOf = (chart: string) => {
    const own = join(folder, chart, `values-${name}.yaml`);
    const defaults = readYaml(join(folder, chart, 'values.yaml')) as Values;
    return existsSync(own) ? merged(defaults, readYaml(own) as Values) : defaults;
  };
  return { name, chart: valuesOf('chart'), data: valuesOf('data') };
}

const isMap = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As Helm does it: maps are merged, everything else is replaced. */
function merged(defaults: Values, own: Values): Values {
  const entries = Object.entries(own).map(([key, value]) => {
    const before = defaults[key];
    return [key, isMap(before) && isMap(value) ? merged(before, value) : value];
  });
  return { ...defaults, ...Object.fromEntries(entries) };
}

/** The value at a path such as `edge.replicas`; undefined if there is none. */
export const at = (values: Values, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (isMap(inner) ? inner[key] : undefined), values);

/** One line if all environments agree; otherwise one for each. */
export function perEnvironment(
  environments: readonly Environment[],
  words: (environment: Environment) => string,
): string[] {
  const all = environments.map((environment) => ({ name: environment.name, text: words(environment) }));
  const [first] = all;
  if (first && all.every(({ text }) => text === first.text)) return [first.text];
  return all.map(({ name, text }) => `${name}: ${text}`);
}

/** The name and tag of the image at a path. */
export const imageIn = (values: Values, path: string) =>
  imageOf(`${at(values, `${path}.repository`)}:${at(values, `${path}.tag`)}`);

/** The name without its registry. */
export const imageOf = (image: string) => image.replace(/^.*\//, '');
