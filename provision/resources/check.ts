import { inputError } from '../errors.ts';

/** The owner, group and mode of a path, in the syntax of `chown` and `chmod`. */
export interface Ownership {
  /** A name or a number; default: root. */
  owner?: string;
  /** A name or a number; default: root. */
  group?: string;
  /** Three or four octal digits as a string: '0644'. */
  mode?: string;
}

/** A complete ownership; the mode has four digits. */
export type Owned = Required<Ownership>;

/** The ownership of a new path. @throws ProvisionError (input) for an invalid name or mode */
export function owned(
  place: string,
  { owner = 'root', group = 'root', mode }: Ownership,
  usual: string,
): Owned {
  return { owner: account(place, owner), group: account(place, group), mode: octal(place, mode ?? usual) };
}

/** Checks that a path is absolute and normalised. @throws ProvisionError (input) */
export function absolute(kind: string, path: string): string {
  const wrong = !path.startsWith('/')
    ? 'it is not absolute'
    : /[\p{Cc}\\]/u.test(path)
      ? 'it contains a control character or a backslash'
      : path === '/' || path.endsWith('/') || /(^|\/)(\.{0,2})\//.test(path.slice(1)) || /\/\.\.?$/.test(path)
        ? 'it must have no "//", no "." or ".." segment, and no trailing "/"'
        : undefined;
  if (wrong) throw inputError({ place: `${kind} ${path}`, what: 'invalid path', why: wrong });
  return path;
}

/** Checks a user or group name, as Debian allows it, or a number. @throws ProvisionError (input) */
export function account(place: string, name: string): string {
  if (/^([a-z_][a-z0-9_.-]{0,31}\$?|\d+)$/.test(name)) return name;
  throw inputError({
    place,
    what: `"${name}" is not a valid user or group name`,
    why: 'expected a lower-case letter or "_", then letters, digits, "_", "." or "-" (at most 32 characters)',
  });
}

/** @throws ProvisionError (input) unless `mode` is three or four octal digits */
function octal(place: string, mode: string): string {
  if (/^[0-7]{3,4}$/.test(mode)) return mode.padStart(4, '0');
  throw inputError({
    place,
    what: `invalid mode "${mode}"`,
    why: "expected three or four octal digits, such as '0644'",
  });
}

/** Checks a value against a pattern, which `expected` describes. @throws ProvisionError (input) */
export function word(place: string, value: string, pattern: RegExp, expected: string): string {
  if (pattern.test(value)) return value;
  throw inputError({ place, what: `invalid value "${value}"`, why: `expected ${expected}` });
}

/** Checks a list of names. @throws ProvisionError (input) if it is empty or lists a name twice */
export function someOf(place: string, names: readonly string[]): readonly string[] {
  if (names.length === 0)
    throw inputError({ place, what: 'the list is empty', why: 'expected at least one name' });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw inputError({ place, what: `"${twice}" is listed twice` });
  return names;
}
