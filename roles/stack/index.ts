import { basename } from 'node:path';
import type { Resource } from '../../provision/authoring.ts';
import { absent, directory, file, inputError, role, type Secret, type Text } from '../../provision/index.ts';
import { converged } from './converged.ts';
import { deployed } from './deployed.ts';
import { type Service, type Stack, stackDocument } from './document.ts';
import { released } from './released.ts';
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
  readonly oneByOne?: readonly string[];
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
      oneByOne: vars.one_by_one,
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
  const { name, oneByOne = [], last = [], release, resolveImage = 'changed', seconds = 900 } = options;
  const secrets = Object.entries(options.secrets ?? {}).map(([one, value]) => versioned(name, one, value));
  const configs = Object.entries(options.configs ?? {}).map(([one, { text }]) => versioned(name, one, text));
  const place = basename(options.file);
  const document = stackDocument(place, options.content.text, {
    secrets: names(secrets),
    configs: names(configs),
  });
  const folder = folderOf(name);
  const deployment = { name, folder, stack: document, resolveImage };
  const one = pick(place, document);
  const others = document.services.filter((service) => !last.includes(service.name));
  const stages = last.length > 0 ? [others, ...last.slice(0, -1).map(one)] : [];
  return [
    directory(folder),
    file(`${folder}/stack.yml`, {
      content: `# Managed by the provisioner (role stack): what is deployed, from ${place}.\n${document.text()}`,
    }),
    present('secret', name, secrets),
    present('config', name, configs),
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

/** A service of the file by its name. @throws ProvisionError (input) */
const pick =
  (place: string, { services }: Stack) =>
  (name: string): readonly Service[] => {
    const service = services.find((service) => service.name === name);
    if (service) return [service];
    throw inputError({ place, what: `there is no service "${name}", which the role is to deploy by itself` });
  };
