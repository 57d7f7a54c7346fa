import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';

/** A Kubernetes object as parsed YAML. */
export type Json = Readonly<Record<string, unknown>>;

/** `Deployment app`: how a person refers to an object. */
export const nameOf = (object: Json): string =>
  `${object.kind} ${(object.metadata as Json | undefined)?.name ?? '?'}`;

/** The objects of a manifest by their name. */
export function objectsOf(manifest: string): Map<string, Json> {
  const all = parseAllDocuments(manifest).map((document) => document.toJS() as unknown);
  return new Map(all.filter(isObject).map((object) => [nameOf(object), object]));
}

/** A hook is created anew by each install or upgrade. It is not a part of what lives in the cluster. */
export const isHook = (object: Json): boolean =>
  'helm.sh/hook' in (((object.metadata as Json | undefined)?.annotations as Json | null) ?? {});

/**
 * The paths at which two values differ, such as `spec.template.spec.containers[app].image`. Items of a list are matched
 * by their name if they all have one. Null, an empty object and an empty list count as absent.
 */
export function fieldsThatDiffer(before: unknown, after: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, after) || (isEmpty(before) && isEmpty(after))) return [];
  if (isObject(before) && isObject(after))
    return within(before, after, (key) => (path === '' ? key : `${path}.${key}`));
  const [a, b] = [named(before), named(after)];
  if (a && b) return within(a, b, (key) => `${path}[${key}]`);
  return [path];
}

function within(before: Json, after: Json, pathOf: (key: string) => string): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const [a, b] = [before[key], after[key]];
    // Something that appears or disappears as a whole is one difference.
    if (a === undefined || b === undefined) return isEmpty(a) && isEmpty(b) ? [] : [pathOf(key)];
    return fieldsThatDiffer(a, b, pathOf(key));
  });
}

/** A list of objects with different names, by name. */
function named(list: unknown): Json | undefined {
  if (!Array.isArray(list) || !list.every((item) => isObject(item) && typeof item.name === 'string')) return;
  const byName = Object.fromEntries(list.map((item: Json) => [item.name, item]));
  return Object.keys(byName).length === list.length ? byName : undefined;
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.values(value).every(isEmpty));
