/** Renders `views/<name>.liquid`, or the theme's own file of that name, with exactly the data given. */
export interface Renderer {
  /** `languages`: in order of preference (`ui_locales`, then `Accept-Language`); the first that has a catalog is used. */
  render(name: string, data: object, languages: readonly string[]): Promise<string>;
}

/** Renders letters: the same templates and catalogs, as text that nothing is escaped in. */
export interface TextRenderer {
  /** As `Renderer`, but plain text: for what no browser reads. */
  renderText(name: string, data: object, languages: readonly string[]): Promise<string>;
}
