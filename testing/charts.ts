import { join } from 'node:path';
import { execa } from 'execa';
import { parseAllDocuments, stringify } from 'yaml';
import { kubernetesPrograms } from './servers/kubernetes.ts';

/** The charts of approach_4, and the values with which the tests render them. */
export const CHARTS = ['chart', 'data'] as const;
export const ENVIRONMENTS = ['default', 'staging', 'production'] as const;
export type Chart = (typeof CHARTS)[number];
export type Environment = (typeof ENVIRONMENTS)[number];

/** The parts of Kubernetes' objects that the tests read. */
export interface Labelled {
  readonly metadata: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
}
export interface Template extends Labelled {
  readonly spec: PodSpec;
}
export interface Manifest extends Labelled {
  readonly kind: string;
  readonly data?: Record<string, string>;
  readonly spec: PodSpec & {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
    readonly [more: string]: unknown;
  };
}
export interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly tolerations?: readonly { readonly key?: string }[];
  readonly securityContext?: Record<string, unknown>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Record<string, unknown>[];
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext?: Record<string, unknown>;
  readonly resources?: {
    readonly requests?: Record<string, string>;
    readonly limits?: Record<string, string>;
  };
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
}

/** The folder of a chart. */
export const folderOf = (chart: Chart) => join(import.meta.dirname, '../approaches/approach_4', chart);
/** The options of Helm for the values of an environment. */
export const valuesOf = (chart: Chart, environment: Environment) =>
  environment === 'default' ? [] : ['--values', join(folderOf(chart), `values-${environment}.yaml`)];

/** Runs the lab's Helm. */
export const helm = async (args: string[], input = '') =>
  execa((await kubernetesPrograms()).helm, args, { input, reject: false, all: true });

/** The objects of a chart, including hooks. `values` are added to those of the environment. */
export async function objects(
  chart: Chart,
  environment: Environment = 'default',
  values = {},
): Promise<Manifest[]> {
  const args = ['template', 'theapp', folderOf(chart), '--namespace', environment];
  const more = [...valuesOf(chart, environment), '--values', '-'];
  const { stdout, stderr, failed } = await helm([...args, ...more], stringify(values));
  if (failed) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** The pods that an object creates. */
export function podsOf(object: Manifest): Template[] {
  if (object.kind === 'Pod') return [object];
  const template = object.spec?.template ?? object.spec?.jobTemplate?.spec.template;
  return template?.spec?.containers ? [template] : [];
}

/** The object with this name. */
export const named = (all: readonly Manifest[], kind: string, name: string) => {
  const found = all.find((object) => object.kind === kind && object.metadata.name === name);
  if (found) return found;
  throw new Error(`no ${kind} ${name}`);
};

/** Runs a test for each chart in each environment. */
export const each = async (run: (chart: Chart, environment: Environment) => Promise<void>) => {
  for (const chart of CHARTS) for (const environment of ENVIRONMENTS) await run(chart, environment);
};
