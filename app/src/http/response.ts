import type { Request } from '@hapi/hapi';

/** Called once the answer to a request has been handed over, with the time it took. */
export type ResponseListener = (request: Request, milliseconds: number) => void;

/** The headers of an answer, by names in lower case. */
export type ResponseHeaders = Record<string, string | string[] | number | undefined>;
