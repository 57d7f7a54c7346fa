import type { Handler, Resource } from '../language/resource.ts';

/** The resources of one role, in order. */
export interface Part {
  readonly role: string;
  readonly resources: readonly Resource[];
}

/** A resource in the flat list of a host run. */
export interface Item {
  readonly role: string;
  readonly resource: Resource;
  /** On the last resource of a role: the handlers that the role's resources may notify. */
  readonly handlers: readonly Handler[];
}

/** How a resource is shown: `file /etc/motd`. */
export const title = ({ kind, name }: Resource) => `${kind} ${name}`;

/** All roles as one list. Adjacent resources of a role that one change can cover are merged. */
export const flatten = (parts: readonly Part[]): Item[] => parts.flatMap(itemsOf);

function itemsOf({ role, resources }: Part): Item[] {
  const joined: Resource[] = [];
  for (const resource of resources) {
    const both = joined.at(-1)?.join?.(resource);
    if (both) joined.splice(-1, 1, both);
    else joined.push(resource);
  }
  const handlers = [...new Set(joined.flatMap(({ notify = [] }) => notify))];
  return joined.map((resource, i) => ({
    role,
    resource,
    handlers: i === joined.length - 1 ? handlers : [],
  }));
}
