/** Any value that survives JSON: what every engine can hold without loss. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object that survives JSON. */
export interface JsonObject {
  readonly [name: string]: Json;
}
