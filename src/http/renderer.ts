/** Renders `views/<name>.liquid`, or the theme's own file of that name, with exactly the data given. */
export interface Renderer {
  /** `languages`: in order of preference (`ui_locales`, then `Accept-Language`); the first that has a catalog is used. */
  render(name: string, data: object, languages: readonly string[]): Promise<string>;
}
