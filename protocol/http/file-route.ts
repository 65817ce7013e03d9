/**
 * Routes for the world's own tools, declared once like the others (route.ts): what arrives and what is answered are the bytes of a
 * file of a known type and not JSON. They are open, for what they give is public.
 */

export interface FileRoute {
  readonly method: 'GET' | 'POST';
  /** A `:name` is a field, `*name` at its end one that may hold slashes. */
  readonly path: string;
  readonly summary: string;
  /** Media type of the body of a POST. */
  readonly takes?: string;
  /** Media type of the answer. */
  readonly gives: string;
}

/** The fields of a path, by their names. */
export type FileFields = Readonly<Record<string, string>>;

export const fileRoutesOf = (
  routes: Readonly<Record<string, FileRoute>>,
): readonly (readonly [string, FileRoute])[] => Object.entries(routes);
