import { inputError } from '../errors.ts';

/** Who owns a path and what may be done to it, as `chown` and `chmod` take them. */
export interface Ownership {
  /** A name or a number; root unless said. */
  owner?: string;
  /** A name or a number; root unless said. */
  group?: string;
  /** Three or four octal digits as a string: '0644'. */
  mode?: string;
}

/** An ownership with nothing left open; the mode has four digits. */
export type Owned = Required<Ownership>;

/** The ownership of a new path. @throws ProvisionError (input) for a name or mode that cannot be meant */
export function owned(
  place: string,
  { owner = 'root', group = 'root', mode }: Ownership,
  usual: string,
): Owned {
  return { owner: account(place, owner), group: account(place, group), mode: octal(place, mode ?? usual) };
}

/** An absolute path that means one place only. @throws ProvisionError (input) */
export function absolute(kind: string, path: string): string {
  const wrong = !path.startsWith('/')
    ? 'it is not absolute'
    : /[\p{Cc}\\]/u.test(path)
      ? 'it holds a control character or a backslash'
      : path === '/' || path.endsWith('/') || /(^|\/)(\.{0,2})\//.test(path.slice(1)) || /\/\.\.?$/.test(path)
        ? 'it is not in its shortest form: no "//", "/./", "/../" and no "/" at its end'
        : undefined;
  if (wrong) throw inputError({ place: `${kind} ${path}`, what: 'the path cannot be used', why: wrong });
  return path;
}

/** A user's or group's name as Debian allows it, or a number. @throws ProvisionError (input) */
export function account(place: string, name: string): string {
  if (/^([a-z_][a-z0-9_.-]{0,31}\$?|\d+)$/.test(name)) return name;
  throw inputError({
    place,
    what: `"${name}" cannot be the name of a user or group`,
    why: 'expected a-z, 0-9, "_", "-"',
  });
}

/** @throws ProvisionError (input) unless `mode` is three or four octal digits */
function octal(place: string, mode: string): string {
  if (/^[0-7]{3,4}$/.test(mode)) return mode.padStart(4, '0');
  throw inputError({
    place,
    what: `"${mode}" is not a mode`,
    why: "expected three or four octal digits, '0644'",
  });
}

/** A word that fits `pattern`. `expected` says in words what that is. @throws ProvisionError (input) */
export function word(place: string, value: string, pattern: RegExp, expected: string): string {
  if (pattern.test(value)) return value;
  throw inputError({ place, what: `"${value}" cannot be used`, why: `expected ${expected}` });
}

/** @throws ProvisionError (input) for an empty list, or one that names something twice */
export function someOf(place: string, names: readonly string[]): readonly string[] {
  if (names.length === 0)
    throw inputError({ place, what: 'the list is empty', why: 'expected at least one name' });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw inputError({ place, what: `"${twice}" stands in the list twice` });
  return names;
}
