import { basename } from 'node:path';
import {
  absent,
  directory,
  file,
  inputError,
  type Resource,
  role,
  type Secret,
  type Text,
} from '../../provision/index.ts';
import { converged } from './converged.ts';
import { deployed } from './deployed.ts';
import { type Service, type Stack, stackDocument } from './document.ts';
import { released } from './release.ts';
import { removed, volumesRemoved } from './removed.ts';
import { vars } from './vars.ts';
import { type Given, present, pruned, versioned } from './versions.ts';

/** What a stack is made of: the role's variables, with its files rendered. */
export interface StackOptions {
  readonly name: string;
  /** The stack file, and where it stands: for errors. */
  readonly file: string;
  readonly content: Text;
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly configs?: Readonly<Record<string, Text>>;
  readonly last?: readonly string[];
  readonly release?: string | null;
  readonly resolveImage?: 'always' | 'changed' | 'never';
  readonly seconds?: number;
}

/** A stack on the swarm that a host manages, from a stack file. */
export const stack = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, template }) => {
    const { name, file, values, secrets, last, release, seconds } = vars;
    const configs = Object.entries(vars.configs).map(
      ([short, path]) => [short, template(path, values)] as const,
    );
    return stackResources({
      name,
      file,
      content: template(file, values),
      secrets,
      configs: Object.fromEntries(configs),
      last,
      release,
      resolveImage: vars.resolve_image,
      seconds,
    });
  },
  remove: ({ vars: { name }, purge }) => stackRemoved(name, purge),
});

/** The same for a role that has variables of its own for its stack. @throws ProvisionError (input) */
export function stackResources(options: StackOptions): Resource[] {
  const { name, last = [], release, resolveImage = 'changed', seconds = 900 } = options;
  const secrets = Object.entries(options.secrets ?? {}).map(([one, value]) => versioned(name, one, value));
  const configs = Object.entries(options.configs ?? {}).map(([one, { text }]) => versioned(name, one, text));
  const place = basename(options.file);
  const document = stackDocument(place, options.content.text, {
    secrets: names(secrets),
    configs: names(configs),
  });
  const folder = folderOf(name);
  const deployment = { name, folder, stack: document, resolveImage };
  const stages = last.length > 0 ? inOrder(place, document, last) : [];
  return [
    directory(folder),
    file(`${folder}/stack.yml`, {
      content: `# Managed by the provisioner (role stack): what is deployed, from ${place}.\n${document.text()}`,
    }),
    present('secret', name, secrets),
    present('config', name, configs),
    ...stages.flatMap((services) => [
      deployed(deployment, services, false),
      converged(name, services, seconds),
    ]),
    deployed(deployment, document.services, true),
    converged(name, document.services, seconds),
    pruned(
      name,
      [...secrets, ...configs].map(({ version }) => version),
    ),
    ...(release ? [released(folder, release)] : []),
  ];
}

/** The stack is taken down by a manager; with `purge`, each host it is applied to loses its volumes. */
export const stackRemoved = (name: string, purge: boolean): Resource[] => [
  removed(name),
  absent(folderOf(name)),
  ...(purge ? [volumesRemoved(name)] : []),
];

/** Where a manager keeps what it was told. */
export const folderOf = (name: string) => `/opt/stacks/${name}`;

const names = (given: readonly Given[]) =>
  Object.fromEntries(given.map(({ name, version }) => [name, version]));

/** All but the last ones together, then each of those but the very last, which comes with the whole. */
function inOrder(place: string, { services }: Stack, last: readonly string[]): (readonly Service[])[] {
  const one = (name: string) => {
    const service = services.find((service) => service.name === name);
    if (service) return [service];
    throw inputError({ place, what: `there is no service "${name}", which is to be deployed last` });
  };
  return [services.filter(({ name }) => !last.includes(name)), ...last.map(one).slice(0, -1)];
}
