import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Resource } from '../../../provision/authoring.ts';
import { kubernetes, type Text } from '../../../provision/index.ts';
import type { Vars } from './vars.ts';

const FILE = join(import.meta.dirname, 'visualiser.yaml.hbs');
const NAME = 'visualiser';

/** What the manifest needs in addition to the variables. */
const derived = ({ visualiser_program: program, api_servers }: Vars) => ({
  // JSON is YAML
  program: JSON.stringify(program),
  // the pod that uses the program is replaced when it changes
  program_hash: createHash('sha256').update(program).digest('hex').slice(0, 16),
  api_servers: api_servers.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
});

/** The page of nodes and pods, or its removal. It starts while the run goes on: `visualiserReady` waits for it later. */
export function visualiser(
  vars: Vars,
  template: (file: string, values: ReturnType<typeof derived>) => Text,
): Resource {
  if (!vars.visualiser)
    return kubernetes.absent(`namespace/${NAME}`, `clusterrole/${NAME}`, `clusterrolebinding/${NAME}`);
  return kubernetes.manifest(NAME, { content: template(FILE, derived(vars)) });
}

/** Waits until the page is ready. */
export const visualiserReady = ({ visualiser, ready_seconds: seconds }: Vars): Resource[] =>
  visualiser ? [kubernetes.rollout(`deployment/${NAME}`, { namespace: NAME, seconds })] : [];
