import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The values of a chart for an environment: its file values-ENVIRONMENT.yaml. */
export const valuesOf = (chart: string, environment: string): Readonly<Record<string, unknown>> =>
  parse(readFileSync(join(chart, `values-${environment}.yaml`), 'utf8')) as Record<string, unknown>;
