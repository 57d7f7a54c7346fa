import { basename, join } from 'node:path';
import type { z } from 'zod';
import type { Host } from '../host.ts';
import { defaultsLayer, type Layer, resolve } from '../input/variables.ts';
import type { Facts } from './facts.ts';
import type { Resource } from './resource.ts';
import { render, type Text } from './template.ts';

/** What a role's code is given: its variables, and what cannot change in a run. */
export interface TaskContext<V> {
  readonly vars: V;
  readonly facts: Facts;
  readonly host: Pick<Host, 'name' | 'groups' | 'privateAddress'>;
  /**
   * Renders a file of the role's `templates` folder, or one given by its whole path, with the variables, `facts`,
   * `host` and whatever is given beside them.
   */
  template(file: string, more?: Readonly<Record<string, unknown>>): Text;
}

export interface RoleDefinition<S extends z.ZodObject> {
  /** `import.meta.dirname` of the role: where `defaults.yml` and `templates/` stand, and what it is called. */
  readonly folder: string;
  readonly vars: S;
  /** What should be so, in order. */
  tasks(context: TaskContext<z.output<S>>): readonly Resource[];
  /** What should be so once the role is taken off again. `purge`: the data too. */
  remove?(context: TaskContext<z.output<S>> & { readonly purge: boolean }): readonly Resource[];
}

/** A role applied with some variables; the rest comes from its defaults, the host's own and `-e`. */
export interface RoleCall<V = Readonly<Record<string, unknown>>> {
  readonly role: string;
  /** The names of its variables. */
  readonly known: readonly string[];
  /** Checks the variables whole. @throws ProvisionError (input) */
  resolve(layers: readonly Layer[]): Resolved<V>;
}

/** A role whose variables are known to be right; what is left needs the host's facts. */
export interface Resolved<V = Readonly<Record<string, unknown>>> {
  readonly role: string;
  readonly vars: V;
  resources(facts: Facts, host: Host): readonly Resource[];
}

export interface Role<S extends z.ZodObject> {
  (given?: Partial<z.input<S>>): RoleCall<z.output<S>>;
  /** The same role as it is taken off a host. */
  absent(given?: Partial<z.input<S>> & { purge?: boolean }): RoleCall<z.output<S>>;
}

export function role<S extends z.ZodObject>(definition: RoleDefinition<S>): Role<S> {
  const name = basename(definition.folder);
  let defaults: Layer | undefined;
  const call = (
    given: Readonly<Record<string, unknown>>,
    tasks: RoleDefinition<S>['tasks'],
  ): RoleCall<z.output<S>> => ({
    role: name,
    known: Object.keys(definition.vars.shape),
    resolve: (layers) => {
      defaults ??= defaultsLayer(definition.folder);
      const here: Layer = { values: given, where: () => `the approach's call of ${name}()` };
      const vars = resolve(name, definition.vars, [defaults, here, ...layers]);
      return {
        role: name,
        vars,
        resources: (facts, host) => tasks(context(definition.folder, vars, facts, host)),
      };
    },
  });
  const made = (given = {}) => call(given, definition.tasks);
  return Object.assign(made, {
    absent: ({ purge = false, ...given }: Partial<z.input<S>> & { purge?: boolean } = {}) =>
      call(given, (context) => definition.remove?.({ ...context, purge }) ?? []),
  });
}

function context<V extends Readonly<Record<string, unknown>>>(
  folder: string,
  vars: V,
  facts: Facts,
  host: Host,
): TaskContext<V> {
  return {
    vars,
    facts,
    host,
    template: (file, more = {}) =>
      render(file.startsWith('/') ? file : join(folder, 'templates', file), {
        ...vars,
        facts,
        host,
        ...more,
      }),
  };
}
