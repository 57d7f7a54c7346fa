import { join } from 'node:path';
import { z } from 'zod';
import { didYouMean } from '../errors.ts';
import { isSecret, type Secret, secret } from '../shell/secret.ts';
import { combine, describe, parseYaml, position, SECRET_EXPECTED } from './yaml.ts';

/** The schema of a secret variable: text from the user becomes a Secret as soon as it is parsed. */
export const secretVariable = z.union(
  [z.custom<Secret>(isSecret), z.string().min(1).transform(secret)],
  `${SECRET_EXPECTED}: text that is not empty (a number needs quotes)`,
);

/** One source of a role's variables; later layers take precedence. `where` returns where a key is set, for errors. */
export interface Layer {
  readonly values: Readonly<Record<string, unknown>>;
  where(path: readonly PropertyKey[]): string;
}

/** The role's `defaults.yml`. @throws ProvisionError (input) */
export function defaultsLayer(folder: string): Layer {
  const file = join(folder, 'defaults.yml');
  const { data, document, counter } = parseYaml(file);
  return {
    values: typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {},
    where: (path) => position(file, document.contents, path, counter),
  };
}

/**
 * Merges the layers key by key and checks the result.
 *
 * @throws ProvisionError (input) that lists every problem, each with its place in the layer that caused it
 */
export function resolve<S extends z.ZodObject>(
  role: string,
  schema: S,
  layers: readonly Layer[],
): z.output<S> {
  const known = Object.keys(schema.shape);
  const unknown = layers.flatMap((layer) =>
    Object.keys(layer.values)
      .filter((key) => !known.includes(key))
      .map((key) => ({ place: layer.where([key]), what: unknownVariable(role, key, known) })),
  );
  const given = layers.map(({ values }) =>
    Object.entries(values).filter(([key, value]) => value !== undefined && known.includes(key)),
  );
  const data = Object.fromEntries(given.flat());
  const result = schema.safeParse(data);
  if (result.success && unknown.length === 0) return result.data;
  const source = (key: PropertyKey | undefined) =>
    layers.findLast(({ values }) => key !== undefined && values[String(key)] !== undefined) ?? layers[0];
  const wrong = result.error?.issues ?? [];
  throw combine([
    ...unknown,
    ...wrong
      .flatMap((issue) => describe(issue, data, schema))
      .map(({ path, key, message }) => {
        const fullPath = [...path, ...(key === undefined ? [] : [key])];
        const name = [role, ...fullPath].join('.');
        const place = source(path[0])?.where(fullPath) ?? role;
        return { place, what: place === `-e ${name}` ? message : `${name}: ${message}` };
      }),
  ]);
}

export const unknownVariable = (role: string, key: string, known: readonly string[]) =>
  `${role} has no variable "${key}"${didYouMean(key, known)} (its variables: ${known.join(', ')})`;
