import { join } from 'node:path';
import { helm } from '../../../provision/index.ts';

/** The folder of a chart. */
export const chart = (name: 'chart' | 'data') => join(import.meta.dirname, '..', name);

/** The values of a chart for an environment: its file values-ENVIRONMENT.yaml. @throws ProvisionError (input) */
export const valuesOf = (name: 'chart' | 'data', environment: string) =>
  helm.valuesIn(chart(name), join(chart(name), `values-${environment}.yaml`));
