import { join } from 'node:path';
import { bundleProgram } from '../../bundle.ts';

export type ServiceProgram = 'visualiser' | 'autoscaler';

/** Bundles a service of this folder into one file. */
export const bundleService = (name: ServiceProgram): Promise<string> =>
  bundleProgram(join(import.meta.dirname, name, 'main.ts'));
