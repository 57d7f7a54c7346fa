import type { Request } from '@hapi/hapi';

/** Called once the answer to a request has been handed over, with the time it took. */
export type Ended = (request: Request, milliseconds: number) => void;

/** The headers of an answer, by names in lower case. */
export type Headers = Record<string, string | string[] | number | undefined>;
