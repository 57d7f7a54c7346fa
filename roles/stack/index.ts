import { basename } from 'node:path';
import type { Resource } from '../../provision/authoring.ts';
import {
  absent,
  directory,
  docker,
  file,
  inputError,
  role,
  type Secret,
  type StackDocument,
  type StackService,
  type Text,
  type Versioned,
} from '../../provision/index.ts';
import { releaseHistory } from './history.ts';
import { vars } from './vars.ts';

export { previousRelease } from './history.ts';

/** A stack: the role's variables, with the files rendered. */
export interface StackOptions {
  readonly name: string;
  /** The path of the stack file, for error messages, and its rendered text. */
  readonly file: string;
  readonly content: Text;
  readonly secrets?: Readonly<Record<string, Secret>>;
  readonly configs?: Readonly<Record<string, Text>>;
  readonly oneByOne?: readonly string[];
  readonly last?: readonly string[];
  readonly release?: string | null;
  readonly resolveImage?: 'always' | 'changed' | 'never';
  readonly seconds?: number;
}

/** A stack on the swarm that the host manages, deployed from a stack file. */
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
      oneByOne: vars.one_by_one,
      last,
      release,
      resolveImage: vars.resolve_image,
      seconds,
    });
  },
  remove: ({ vars: { name }, purge }) => stackRemoved(name, purge),
});

/**
 * The resources of a stack, for a role that has variables of its own.
 *
 * @throws ProvisionError (input)
 */
export function stackResources(options: StackOptions): Resource[] {
  const { name, oneByOne = [], last = [], release, resolveImage = 'changed', seconds = 900 } = options;
  const { versioned, secrets, configs, deployed, converged, versions } = docker.stack;
  const ownSecrets = Object.entries(options.secrets ?? {}).map(([one, value]) => versioned(name, one, value));
  const ownConfigs = Object.entries(options.configs ?? {}).map(([one, { text }]) =>
    versioned(name, one, text),
  );
  const place = basename(options.file);
  const document = docker.stack.document(place, options.content.text, {
    secrets: names(ownSecrets),
    configs: names(ownConfigs),
  });
  const folder = folderOf(name);
  const deployment = { name, folder, stack: document, resolveImage };
  const one = pick(place, document);
  const others = document.services.filter((service) => !last.includes(service.name));
  const stages = last.length > 0 ? [others, ...last.slice(0, -1).map(one)] : [];
  return [
    directory(folder),
    file(`${folder}/stack.yml`, {
      content: `# Managed by the provisioner (role stack): generated from ${place}.\n${document.text()}`,
    }),
    secrets(name, ownSecrets),
    configs(name, ownConfigs),
    ...oneByOne
      .map(one)
      .flatMap((services) => [
        deployed(deployment, services, 'existing'),
        converged(name, services, seconds, 'existing'),
      ]),
    ...stages.flatMap((services) => [
      deployed(deployment, services, 'part'),
      converged(name, services, seconds),
    ]),
    deployed(deployment, document.services, 'whole'),
    converged(name, document.services, seconds),
    versions(
      name,
      [...ownSecrets, ...ownConfigs].map(({ version }) => version),
    ),
    ...(release ? [releaseHistory(folder, release)] : []),
  ];
}

/** A manager removes the stack. With `purge`, the volumes are removed from every host that this is applied to. */
export const stackRemoved = (name: string, purge: boolean): Resource[] => [
  docker.stack.absent(name),
  absent(folderOf(name)),
  ...(purge ? [docker.stack.volumes.absent(name)] : []),
];

/** Where a manager keeps what it has deployed. */
export const folderOf = (name: string) => `/opt/stacks/${name}`;

const names = (all: readonly Versioned[]) =>
  Object.fromEntries(all.map(({ name, version }) => [name, version]));

/** A service of the stack file, by its name. @throws ProvisionError (input) */
const pick =
  (place: string, { services }: StackDocument) =>
  (name: string): readonly StackService[] => {
    const service = services.find((service) => service.name === name);
    if (service) return [service];
    throw inputError({
      place,
      what: `the stack has no service "${name}", which one_by_one or last names`,
      todo: `the services of the stack: ${services.map((one) => one.name).join(', ')}`,
    });
  };
