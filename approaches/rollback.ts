import { failure } from '../provision/index.ts';

/** The error of a rollback on a host that has only one release. */
export const noPrevious = (host: string) =>
  failure({
    place: host,
    what: 'there is no previous release',
    why: 'only one release has been deployed on this host',
    todo: 'a rollback is possible once a second release has been deployed',
  });
