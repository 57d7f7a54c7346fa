import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { inputError } from '../../errors.ts';
import { combine, describe, parseYaml, position, shown } from '../../input/yaml.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * The values in a file for a chart, checked with the chart's values.schema.json as Helm does it: together with the
 * defaults, and without what `null` removes.
 *
 * @throws ProvisionError (input) that lists every problem, with its place in the file
 */
export function valuesIn(chart: string, file: string): Values {
  const { data, document, counter } = parseYaml(file);
  const { data: defaults } = parseYaml(join(chart, 'values.yaml'));
  const merged = merge(defaults as Values, data as Values);
  const schema = schemaOf(chart);
  const issues = schema?.safeParse(merged).error?.issues ?? [];
  const problems = schema ? issues.flatMap((issue) => describe(issue, merged, schema)) : [];
  if (problems.length === 0) return data as Values;
  throw combine(
    problems.map(({ path, key, message }) => {
      const all = [...path, ...(key === undefined ? [] : [key])];
      return { place: position(file, document.contents, all, counter), what: `${all.join('.')}: ${message}` };
    }),
  );
}

function schemaOf(chart: string): z.ZodType | undefined {
  const file = join(chart, 'values.schema.json');
  if (!existsSync(file)) return undefined;
  try {
    return z.fromJSONSchema(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = (error as Error).message;
    throw inputError({ place: shown(file), what: 'the schema cannot be read', why }, error);
  }
}

/** Mappings are merged key by key; `null` removes a default. */
function merge(defaults: Values, values: Values): Values {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(values)) {
    const before = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isMapping(before) && isMapping(value) ? merge(before, value) : value;
  }
  return merged;
}

const isMapping = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
