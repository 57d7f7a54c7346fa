import type { Request } from '@hapi/hapi';

/** Called once the response was handed to the network, with the duration of the request. */
export type ResponseListener = (request: Request, milliseconds: number) => void;

/** Response headers by lower-case name. */
export type ResponseHeaders = Record<string, string | string[] | number | undefined>;
