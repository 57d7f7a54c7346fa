import type { Diff } from '../../language/resource.ts';

/** What the API server would change in one object. */
export interface ObjectDiff extends Diff {
  /** `DaemonSet kube-system/kube-router`, or `ClusterRole kube-router`. */
  readonly object: string;
  readonly created: boolean;
}

/**
 * Parses the output of `kubectl diff`: a unified diff for each object that differs, between files named
 * GROUP.VERSION.KIND.NAMESPACE.NAME (the group is missing for core objects, the namespace is empty for objects outside
 * of namespaces).
 */
export function parseDiff(printed: string): ObjectDiff[] {
  return printed
    .split(/^diff (?=-)/m)
    .slice(1)
    .map((part) => {
      const path = /^\+\+\+ (\S+)/m.exec(part)?.[1] ?? '';
      const lines = part.slice(part.search(/^@@/m)).split('\n').slice(0, -1);
      const body = lines.filter(
        (line) => !line.startsWith('@@') && !line.startsWith('\\') && !COUNTED.test(line),
      );
      const side = (sign: string) =>
        body
          .filter((line) => line.startsWith(sign) || line.startsWith(' '))
          .map((line) => `${line.slice(1)}\n`)
          .join('');
      const [before, after] = [side('-'), side('+')];
      const object = objectOf(path);
      return { object, created: before === '', path: object, before, after };
    });
}

/** Fields that the API server sets by itself. */
const COUNTED = /^[-+ ] {2}(creationTimestamp|generation|resourceVersion|uid): /;

/** Group, version, kind, namespace and name. Only a group and the name of an object can contain dots. */
function objectOf(path: string): string {
  const file = path.split('/').at(-1) ?? '';
  const [, kind = '', namespace = '', name = ''] =
    /^(?:[a-z0-9.-]*\.)?v\d\w*\.([A-Z]\w*)\.([a-z0-9-]*)\.(.+)$/.exec(file) ?? [];
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`.trim() || file;
}
