import { folderOf } from './hosts.ts';

/** The help of the argument `<approach>`. */
export const approachWords = 'a folder in approaches/, such as approach_2';

/** The name of an approach that exists. @throws ProvisionError (input) */
export function approachOf(name: string): string {
  folderOf(name);
  return name;
}
