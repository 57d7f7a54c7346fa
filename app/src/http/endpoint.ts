import { Boom } from '@hapi/boom';
import type { Request, ResponseObject, ResponseToolkit, ServerRoute } from '@hapi/hapi';
import type { z } from 'zod';

declare module '@hapi/hapi' {
  interface RouteOptionsApp {
    /** What the route is called in the metrics and which service it is part of; hapi's own routes have none. */
    service?: Service;
  }
}

/** The parts of TheAPP that VHOSTS can give a name of their own, and what runs it. */
export const services = ['greeting', 'birthdays', 'pokedex', 'counter', 'todos'] as const;
export type Service = (typeof services)[number] | 'operations';

/** One thing that is wrong with a request: where (`body.dateOfBirth`) and what was expected. */
export interface Problem {
  path: string;
  message: string;
}

/** What a handler may give back: hapi turns an object into JSON. */
export type HandlerResult = ResponseObject | object | string;

type Shape = z.ZodObject | undefined;
type Parsed<S extends Shape> = S extends z.ZodObject ? z.output<S> : undefined;

/** What a handler works with: the parts of the request that were asked for, checked and typed. */
export interface HandlerInput<P extends Shape, Q extends Shape, B extends Shape> {
  params: Parsed<P>;
  query: Parsed<Q>;
  body: Parsed<B>;
  request: Request;
  h: ResponseToolkit;
}

/** One possible answer, for whoever reads `/docs`. Without a type it is JSON when there is a schema. */
export interface ResponseDoc {
  description: string;
  schema?: z.ZodType;
  type?: string;
}

/** A request that TheAPP answers: the same definition validates, routes and documents. */
export interface Endpoint<P extends Shape, Q extends Shape, B extends Shape> {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  service: Service;
  /** Its path at the root of the service's own name, where VHOSTS gives it one. */
  root?: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  /** The body comes from an HTML form, with a CSRF token; JSON otherwise. For GET: the page has such a form. */
  form?: boolean;
  responses: Record<number, ResponseDoc>;
  /** Answers a request with problems in its own way; 400 in TheAPP's form otherwise. */
  onInvalid?: (
    problems: Problem[],
    input: { request: Request; h: ResponseToolkit },
  ) => HandlerResult | Promise<HandlerResult>;
  handle(input: HandlerInput<P, Q, B>): HandlerResult | Promise<HandlerResult>;
}

/** An endpoint whose schemas are no longer of interest, with its route. */
export interface AnyEndpoint extends Omit<Endpoint<Shape, Shape, Shape>, 'onInvalid' | 'handle'> {
  route: ServerRoute;
}

/**
 * Bytes of a body: above what any service takes, far below what hurts. The largest is a todo of 2,200 characters
 * of which a form writes each as twelve, `%F0%9F%8D%8B`.
 */
const maxBytes = 32 * 1024;

/** Makes a route that checks what it is given against the schemas before the handler sees it. */
export function endpoint<
  P extends Shape = undefined,
  Q extends Shape = undefined,
  B extends Shape = undefined,
>(definition: Endpoint<P, Q, B>): AnyEndpoint {
  const { onInvalid, handle, ...rest } = definition;
  const { method, path, service, params, query, body, form } = definition;
  const handler = (request: Request, h: ResponseToolkit) => {
    const problems: Problem[] = [];
    const input = {
      params: check('path', params as P, request.params, problems),
      query: check('query', query as Q, request.query, problems),
      body: check('body', body as B, request.payload, problems),
      request,
      h,
    };
    if (problems.length === 0) return handle(input);
    if (onInvalid) return onInvalid(problems, input);
    throw badRequest(problems);
  };
  const route: ServerRoute = {
    method,
    path,
    handler,
    options: ({ app }) => ({
      app: { service },
      ...(form
        ? { plugins: { crumb: true }, ...(app.formHooks && { ext: app.formHooks }) }
        : { state: { parse: false } }),
      ...(method === 'GET' ? {} : { payload: bodyOf(form) }),
    }),
  };
  return { ...rest, route };
}

const bodyOf = (form = false) => ({
  maxBytes,
  allow: form ? 'application/x-www-form-urlencoded' : 'application/json',
});

function check<S extends Shape>(place: string, schema: S, value: unknown, problems: Problem[]): Parsed<S> {
  // Without a schema there is nothing to read: what else was sent is not looked at.
  if (schema === undefined) return undefined as Parsed<S>;
  const { success, data, error } = schema.safeParse(value ?? {});
  if (success) return data as Parsed<S>;
  for (const { path, message } of error.issues)
    problems.push({ path: [place, ...path].map(String).join('.'), message });
  return undefined as Parsed<S>;
}

/** The 400 that names every field with what was expected of it. */
export function badRequest(problems: Problem[]): Boom {
  const message = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const error = new Boom(message, { statusCode: 400 });
  Object.assign(error.output.payload, { problems });
  return error;
}
