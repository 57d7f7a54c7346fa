import { failure } from '../provision/index.ts';

/** The error of a rollback where only one release has been deployed. */
export const noPrevious = (place: string) =>
  failure({
    place,
    what: 'there is no previous release',
    why: 'only one release has been deployed',
    todo: 'a rollback is possible once a second release has been deployed',
  });
